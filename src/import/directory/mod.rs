//! Directories that hold a model: MLflow's, MLServer's, and any with one model file, as KServe and `SageMaker` mount
//! them.

mod layout;
mod mlflow;
mod path;
mod settings;
mod signature;
mod yaml;

pub use layout::Layout;
