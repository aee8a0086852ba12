//! What the command line and the environment mean: resolved, validated, with units in the types.

mod bind;
mod lambda;
mod limits;
mod names;
mod reply_queue;
mod span_values;
mod spans;
pub(crate) mod values;
mod vertex;

pub use bind::{BindAddress, port_of, resolve_bind};
pub use lambda::{Lambda, RUNTIME_API};
pub use limits::{ExtraFeatures, Limits};
pub use names::Names;
pub use reply_queue::{Credentials, REPLY_QUEUE, ReplyQueue};
pub use spans::{Sampling, SpanExport};
pub use vertex::Vertex;
