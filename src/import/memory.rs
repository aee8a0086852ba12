//! How much memory reading a model of another library may take.

use super::file_format::FileFormat;
use super::sklearn;

/// Bytes of memory at most a byte of a file that is read as a stream, without a document's tree.
const STREAMED: usize = 6;

/// Bytes of memory at most an inflated byte of a pickle or an archive: values become nodes, counted as they grow.
const NODES: usize = 64;

/// Bytes of memory that reading a file of this kind takes at most, beside the file's own.
pub fn most_memory(kind: FileFormat, bytes: &[u8]) -> usize {
    match kind {
        FileFormat::XgboostJson | FileFormat::XgboostUbjson | FileFormat::LightgbmText => {
            STREAMED.saturating_mul(bytes.len())
        }
        FileFormat::Pickle => NODES.saturating_mul(sklearn::inflated_length(bytes)),
        FileFormat::Zip => NODES.saturating_mul(sklearn::archive_length(bytes)),
        FileFormat::Artifact | FileFormat::XgboostBinary => 0,
    }
}
