//! Models and their files: the same answers as smartcore, and no harm from a file that lies.

mod artifacts;
mod drift;
mod exact;
mod explain;
mod forests;
mod hostile;
mod ir;
mod neutral;
