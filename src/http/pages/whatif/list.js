// The list of features: the ones that matter most first, more on demand, the rest by a filter.

import { controlOf } from "./controls.js";
import { effectOf } from "./curves.js";
import { el, id, say } from "./dom.js";

const FIRST = 12,
  MORE = 24;

export class FeatureList {
  // `on`: change(feature, value), values(feature), seen(names of the features in view).
  constructor(features, start, on) {
    Object.assign(this, { features, start, on, shown: FIRST });
    this.controls = new Map();
    this.inView = new Set();
    this.items = el("ol", { class: "features" });
    this.filter = el("input", {
      type: "search",
      id: id(),
      autocomplete: "off",
      oninput: () => {
        this.shown = FIRST;
        this.update();
      },
    });
    this.count = el("p", { class: "note", role: "status" });
    this.legend = el("p", { class: "note legend" });
    this.more = el("button", {
      type: "button",
      class: "plain",
      onclick: () => {
        this.shown += MORE;
        this.update();
      },
    });
    this.observer = new IntersectionObserver(entries => this.see(entries), { rootMargin: "100px" });
    this.node = el(
      "section",
      { class: "feature-list", "aria-labelledby": "features-title" },
      el(
        "div",
        { class: "row head" },
        el("h2", { id: "features-title" }, "Features"),
        features.length > FIRST &&
          el("span", { class: "row" }, el("label", { for: this.filter.id }, "Find "), this.filter),
      ),
      this.count,
      this.legend,
      this.items,
      this.more,
    );
  }

  see(entries) {
    for (const { target, isIntersecting } of entries) {
      isIntersecting ? this.inView.add(target.dataset.feature) : this.inView.delete(target.dataset.feature);
    }
    this.on.seen(this.inView);
  }

  // A feature's control, made when it is first shown.
  control(feature) {
    if (!this.controls.has(feature)) {
      this.controls.set(
        feature,
        controlOf(feature, value => this.on.change(feature, value)),
      );
      this.observer.observe(this.controls.get(feature).node);
    }
    return this.controls.get(feature);
  }

  updateOne(feature) {
    const { value, other, letter } = this.on.values(feature);
    this.control(feature).update(value, other, letter);
  }

  update() {
    const sought = this.filter.value.trim().toLowerCase();
    const fits = feature =>
      [feature.name, feature.about, feature.unit].some(text => text.toLowerCase().includes(sought));
    const found = sought ? this.features.filter(fits) : this.features;
    // A changed feature stays in sight.
    const isChanged = feature => this.on.values(feature).value !== this.start.get(feature.name);
    const now = found.filter((feature, i) => i < this.shown || (!sought && isChanged(feature)));
    const nodes = now.map(feature => this.control(feature).node);
    // A node that is taken out and put in again would lose the focus.
    if (nodes.length !== this.items.children.length || nodes.some((node, i) => node !== this.items.children[i])) {
      this.items.replaceChildren(...nodes);
    }
    now.forEach(feature => this.updateOne(feature));
    this.more.hidden = now.length >= found.length;
    say(this.more, `Show ${Math.min(MORE, found.length - now.length)} more`);
    say(this.count, sought ? `${found.length} of ${this.features.length} features` : "");
  }

  // Draws the curves of features in view, and says what the sensitive ones do.
  draw(curves, { low, high, own, read, quantity, isShare, isDrawn }) {
    const scale = { low, high, title: quantity[0].toUpperCase() + quantity.slice(1) };
    for (const [feature, { points, contrasts }] of curves) {
      const control = this.control(feature),
        { value, other } = this.on.values(feature);
      control.draw(
        points.map(([x, answer]) => [x, read(answer)]).filter(([, y]) => typeof y === "number"),
        scale,
      );
      control.place(value, other);
      if (feature.isSensitive) control.tell(effectOf(feature, value, own, contrasts, read, quantity, isShare));
    }
    say(
      this.legend,
      isDrawn
        ? `Shaded: training's rows. Line: ${quantity} along each feature while the others stay, all on one scale; ` +
            "dashed outside of training."
        : "",
    );
  }
}
