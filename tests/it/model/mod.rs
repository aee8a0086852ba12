//! Models and their files: the same answers as smartcore, and no harm from a file that lies.

mod exact;
mod forests;
mod forms;
mod hostile;
