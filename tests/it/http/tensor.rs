//! The element types of tensors: what each holds, and how it rounds.

use smartserve::http::tensor::Datatype;

fn from_half(bits: u16) -> f64 {
    Datatype::Fp16.decode(&bits.to_le_bytes()).unwrap()
}

fn to_half(value: f64) -> Option<f64> {
    Datatype::Fp16.number(value, String::new)
}

#[test]
fn every_half_survives_and_what_is_between_goes_to_the_nearest() {
    for bits in 0..=u16::MAX {
        let value = from_half(bits);
        if value.is_finite() {
            assert_eq!(to_half(value).map(f64::to_bits), Some(value.to_bits()), "{bits:#x}");
            let next = from_half(bits.wrapping_add(1));
            if next.is_finite() && next.signum() == value.signum() {
                let even = if bits % 2 == 0 { value } else { next };
                assert_eq!(to_half(f64::midpoint(value, next)), Some(even), "{bits:#x}");
            }
        }
    }
    assert_eq!(to_half(65_519.9), Some(65_504.0));
    assert_eq!((to_half(65_520.0), to_half(1e300), to_half(-65_520.0)), (None, None, None));
    assert_eq!(to_half(1e-300), Some(0.0));
}

#[test]
fn integers_end_where_their_type_ends() {
    let reads = |datatype: Datatype, text: &str| datatype.number(text.parse().unwrap(), || text.to_owned());
    let ends = [
        (Datatype::Uint8, "0", "255", "-1", "256"),
        (Datatype::Int8, "-128", "127", "-129", "128"),
        (Datatype::Uint16, "0", "65535", "-1", "65536"),
        (Datatype::Int32, "-2147483648", "2147483647", "-2147483649", "2147483648"),
        (Datatype::Uint32, "0", "4294967295", "-1", "4294967296"),
        (Datatype::Int64, "-9223372036854775808", "9223372036854775807", "-9223372036854775809", "9223372036854775808"),
        (Datatype::Uint64, "0", "10000000000000000000.0", "-1", "1e20"),
        (Datatype::Uint64, "0", "18446744073709551615", "-1", "18446744073709551616"),
    ];
    for (datatype, min, max, below, above) in ends {
        assert_eq!(reads(datatype, min), min.parse().ok(), "{datatype}");
        assert_eq!(reads(datatype, max), max.parse().ok(), "{datatype}");
        assert_eq!((reads(datatype, below), reads(datatype, above)), (None, None), "{datatype}");
        assert_eq!((reads(datatype, "1.0"), reads(datatype, "1.5")), (Some(1.0), None), "{datatype}");
        assert_eq!(reads(datatype, "-0").map(f64::to_bits), Some(0), "{datatype}");
    }
}

#[test]
fn every_name_is_its_types() {
    for datatype in Datatype::ALL {
        assert_eq!(Datatype::named(datatype.as_str()), Some(datatype));
    }
    assert_eq!(Datatype::named("fp64"), None);
}
