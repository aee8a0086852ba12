//! What must have a pair: every status that an answer may have, and every kind of input that clients get wrong.
//!
//! Stands apart as a list to be read beside the documentation of errors.

/// The statuses of errors; `closed` is a connection that is closed without a word.
pub(crate) const STATUSES: [&str; 16] =
    ["400", "401", "403", "404", "405", "408", "409", "413", "414", "415", "422", "431", "500", "503", "504", "closed"];

/// A kind of input or of a moment, and the pairs that show what it gets.
pub(crate) const CASES: [(&str, &[&str]); 43] = [
    // --- bodies
    ("not JSON", &["400-not-json", "400-v1-not-json", "400-v2-not-json", "400-ndjson-syntax"]),
    ("cut JSON", &["400-truncated"]),
    ("bytes behind the end", &["400-trailing-bytes"]),
    ("nothing at all", &["400-empty", "400-v2-empty", "400-csv-empty"]),
    ("not CSV", &["400-csv-not-utf-8", "400-csv-unclosed-quote"]),
    ("more than 32 containers inside one another", &["400-deep-nesting"]),
    ("10,000 containers, and 2 MiB of them", &["default-limits/400-nesting-10000", "default-limits/400-nesting-2-mib"]),
    ("a number beyond a double's range", &["400-over-range"]),
    ("a number below it", &["200-underflow"]),
    ("NaN and the infinities", &["400-nan", "400-infinity", "400-negative-infinity"]),
    ("an integer beyond 2^64", &["200-huge-integer"]),
    ("a number in quotes", &["422-number-as-text"]),
    ("a boolean", &["422-boolean"]),
    ("null, where training saw none and where it did", &["422-null", "200-null-imputed"]),
    ("a column twice", &["400-duplicate-column", "400-v1-duplicate-key", "400-v2-duplicate-key"]),
    ("a row's label twice", &["400-duplicate-row"]),
    ("a feature that is missing", &["422-missing-feature", "422-csv-missing-column"]),
    ("a feature that is unknown", &["422-extra-feature", "extra-features-ignored/200-extra-feature"]),
    ("a category that is unknown", &["422-unknown-category", "422-text-number-for-a-category"]),
    ("columns of unequal labels", &["422-ragged-labels"]),
    ("columns of unequal lengths", &["422-ragged", "422-csv-ragged"]),
    ("no row", &["422-zero-rows", "422-zero-records", "422-v1-zero-rows"]),
    ("too many rows", &["413-rows", "413-rows-csv", "413-ndjson-rows", "413-v1-rows", "413-v2-rows"]),
    ("10,001 rows", &["default-limits/413-rows-10001"]),
    ("rows in another order than their labels'", &["200-row-order"]),
    ("not UTF-8", &["400-not-utf-8"]),
    ("half of a surrogate pair", &["400-lone-surrogate"]),
    ("too many bytes", &["413-bytes", "413-bytes-declared", "413-bytes-chunked", "default-limits/413-bytes-3-mib"]),
    ("wrong in many places, and not JSON at the end", &["422-all-at-once", "400-syntax-wins-over-shape"]),
    // --- heads
    ("no media type, and JSON by another name", &["200-no-content-type", "200-json-suffix", "200-curl-form"]),
    ("another media type or charset", &["415-text-plain", "415-charset"]),
    ("another encoding than gzip", &["415-gzip-twice", "415-br", "415-deflate", "415-zstd"]),
    ("gzip, broken gzip, a bomb", &["200-gzip", "400-not-gzip", "413-gzip-bomb"]),
    ("a query that is not known", &["400-unknown-query", "400-query-twice", "400-interval-out-of-range"]),
    ("no Host, or two", &["400-without-host", "400-two-hosts", "400-two-hosts-http-1-0"]),
    ("a length and chunks", &["200-chunks-and-length"]),
    ("what is not HTTP/1", &["400-not-http", "400-http-2-preface"]),
    ("another method", &["405-get-predict", "405-post-models", "405-unknown-method", "405-trace", "405-connect"]),
    ("HEAD and OPTIONS", &["200-head", "204-options", "204-options-get"]),
    ("an unknown route or model", &["404-unknown-path", "404-unknown-model"]),
    (
        "a head that is too long",
        &["default-limits/414-target", "default-limits/431-bytes", "default-limits/431-fields"],
    ),
    // --- moments
    (
        "too slow, too late, too many",
        &["slow-head/closed", "slow-body/408-half", "slow-model/504", "full/503-predict", "draining/503-readyz"],
    ),
    ("an answer that is not finite", &["not-finite/500"]),
];
