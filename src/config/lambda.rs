//! What AWS Lambda tells a function by its environment. The variables' names are AWS's; they have no flag.

use super::reply_queue::{REPLY_QUEUE, ReplyQueue};

/// Set by Lambda: where invocations are fetched and answered. `serve` then listens on no port.
pub const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";

/// The function that this process is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lambda {
    /// `AWS_LAMBDA_FUNCTION_NAME`: the dimension of its metrics.
    pub function: String,
    /// `SMARTSERVE_REPLY_QUEUE_URL`: where answers to messages go.
    pub reply_queue: Option<ReplyQueue>,
}

impl Lambda {
    /// The function of an environment; none where Lambda does not run the process.
    ///
    /// # Errors
    /// One sentence: a variable that Lambda always sets is missing or is not what it sets; or a queue is named for answers
    /// to messages that do not come.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, String> {
        let set = |name: &str| {
            let value = variable(name).filter(|value| !value.is_empty());
            value.ok_or_else(|| format!("{name} is not set beside {RUNTIME_API}; AWS Lambda sets both"))
        };
        match variable(RUNTIME_API).as_deref() {
            None if variable(REPLY_QUEUE).is_some() => {
                return Err(format!("{REPLY_QUEUE} is set, but messages come by AWS Lambda alone; unset it"));
            }
            None => return Ok(None),
            Some("") => return Err(format!("{RUNTIME_API} is empty; unset it, or give HOST:PORT as AWS Lambda does")),
            Some(address) if format!("http://{address}").parse::<http::Uri>().is_err() => {
                return Err(format!("{RUNTIME_API} is {address:?}, expected HOST:PORT as AWS Lambda sets it"));
            }
            Some(_) => {}
        }
        // AWS's library panics without these.
        set("AWS_LAMBDA_FUNCTION_VERSION")?;
        let memory = set("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")?;
        if memory.parse::<i32>().is_err() {
            return Err(format!("AWS_LAMBDA_FUNCTION_MEMORY_SIZE is {memory:?}, expected megabytes"));
        }
        let reply_queue = ReplyQueue::from_env(&variable)?;
        Ok(Some(Self { function: set("AWS_LAMBDA_FUNCTION_NAME")?, reply_queue }))
    }
}
