//! What the command line and the environment mean: resolved, validated, with units in the types.

mod bind;
mod limits;
mod names;
pub(crate) mod values;
mod vertex;

pub use bind::{BindAddress, port_of, resolve_bind};
pub use limits::{ExtraFeatures, Limits};
pub use names::Names;
pub use vertex::Vertex;
