//! Tests of reading a service account: every field, every sentence, no secret in print.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use serde_json::json;

use super::super::test_keys::{credential, pem, service_account};
use super::*;

fn refusal(file: &Value) -> CredentialError {
    HarmonyCredential::parse(&file.to_string()).expect_err("refused")
}

fn option_refusal(options: &Value) -> CredentialError {
    let options = match HarmonyOptions::parse(&options.to_string()) {
        Ok(options) => options,
        Err(error) => return error,
    };
    HarmonyCredential::parse_with(&service_account().to_string(), options).expect_err("refused")
}

#[test]
fn reads_a_complete_file() {
    let credential = HarmonyCredential::parse(&service_account().to_string()).expect("valid");
    assert_eq!(credential.project_id(), "388421841221");
    assert_eq!((credential.key_id(), credential.sub_account()), ("key-1", "100000001"));
    assert_eq!((credential.app_type(), credential.key_bits()), (1, 2048));
    assert_eq!(credential.options(), &HarmonyOptions::default());
}

#[test]
fn tolerates_a_byte_order_mark_double_escapes_and_new_fields() {
    let mut file = service_account();
    file["private_key"] = pem().replace('\n', "\\n").into();
    file["universe_domain"] = "huawei".into();
    HarmonyCredential::parse(&format!("\u{feff}{file}")).expect("valid");
}

#[test]
fn each_of_the_eight_fields_is_missed_by_name() {
    for field in service_account().as_object().expect("object").keys() {
        for (value, why) in
            [(Value::Null, "is not text"), (json!(7), "is not text"), (json!(" "), "is empty")]
        {
            let mut file = service_account();
            file[field] = value;
            let error = refusal(&file);
            assert_eq!(error.field, field);
            assert!(error.why.starts_with(why) && error.why.contains("API Console"), "{error}");
        }
        let mut file = service_account();
        file.as_object_mut().expect("object").remove(field);
        let error = refusal(&file);
        assert!(error.field == field && error.why.starts_with("is missing"), "{error}");
    }
}

#[test]
fn bad_values_are_refused_with_advice() {
    let pkcs1 = pem().replace(" PRIVATE", " RSA PRIVATE");
    let encrypted = pem().replace(" PRIVATE", " ENCRYPTED PRIVATE");
    let damaged = pem().replacen("\nMII", "\n***", 1);
    let table = [
        ("project_id", "../v1/evil", Fault::ProjectForm, "letters, digits"),
        ("key_id", "two words", Fault::NameForm, "without blanks"),
        ("sub_account", &"9".repeat(129), Fault::NameForm, "at most 128 bytes"),
        ("token_uri", "http://example.com/", Fault::UrlNotHttps, "not an https URL"),
        ("auth_uri", "nowhere", Fault::UrlNotHttps, "not an https URL"),
        ("private_key", "hello", Fault::KeyNotPem, "not a PEM text"),
        ("private_key", &pkcs1, Fault::KeyPkcs1, "openssl pkcs8"),
        ("private_key", &encrypted, Fault::KeyEncrypted, "is encrypted"),
        ("private_key", &damaged, Fault::KeyDamaged, "is damaged"),
        (
            "private_key",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
            Fault::KeyNotRsa,
            "is not an RSA key",
        ),
    ];
    for (field, value, fault, expected) in table {
        let mut file = service_account();
        file[field] = value.into();
        let error = refusal(&file);
        assert_eq!((error.field, error.fault), (field, fault));
        assert!(error.why.contains(expected), "{error}");
    }
}

#[test]
fn a_key_of_another_kind_is_refused() {
    let der =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new()).expect("a key");
    let mut file = service_account();
    let base64 = STANDARD.encode(der.as_ref());
    file["private_key"] = format!("{BEGIN}\n{base64}\n{END}").into();
    assert!(refusal(&file).why.contains("is not an RSA key"));
}

#[test]
fn what_is_no_key_file_is_refused_without_quoting_it() {
    let table = [
        ("[]", Fault::FileNotObject, "not a JSON object"),
        ("{\"private_key\": \"top secret", Fault::FileNotJson, "is not JSON (line 1"),
    ];
    for (file, fault, expected) in table {
        let error = HarmonyCredential::parse(file).expect_err("refused");
        assert!(error.field == "file" && error.why.contains(expected), "{error}");
        assert_eq!(
            (error.fault, error.values.get("line").copied()),
            (fault, (fault == Fault::FileNotJson).then_some(1))
        );
        assert!(!error.to_string().contains("top secret"));
    }
    let error = HarmonyCredential::parse(&" ".repeat(FILE_BYTES_MAX + 1)).expect_err("refused");
    assert!(error.why.contains("64 KiB"), "{error}");
}

#[test]
fn options_are_read_strictly() {
    let table = [
        (json!({"client_id": "a b"}), "client_id", Fault::ClientForm, "Client ID from AppGallery Connect"),
        (json!({"app_type": 3}), "app_type", Fault::SetUnknown, "is 3, must be 1 or 2."),
        (json!({"colour": 1}), "options", Fault::OptionUnknown, "unknown field `colour`"),
        (json!({"rights": {"sing": true}}), "options", Fault::OptionUnknown, "unknown field `sing`"),
        (
            json!({"base_url": "push.example.com"}),
            "base_url",
            Fault::BaseUrlIncomplete,
            "needs a scheme and a host",
        ),
        (json!({"base_url": "http://push.example.com"}), "base_url", Fault::BaseUrlNotHttps, "must be https"),
        (
            json!({"base_url": "ftp://push.example.com"}),
            "base_url",
            Fault::BaseUrlNotHttps,
            "must begin with https://",
        ),
        (json!({"base_url": "https://me@push.example.com"}), "base_url", Fault::BaseUrlExtra, "no user name"),
        (json!({"base_url": "https://push.example.com?x=1"}), "base_url", Fault::BaseUrlExtra, "no query"),
        (json!({"base_url": ""}), "base_url", Fault::BaseUrlUnreadable, "URL"),
    ];
    for (options, field, fault, expected) in table {
        let error = option_refusal(&options);
        assert_eq!((error.field, error.fault), (field, fault), "{options}");
        assert!(error.why.contains(expected), "{options}: {error}");
    }
}

#[test]
fn plain_http_is_allowed_to_this_machine_only() {
    for url in
        ["http://127.0.0.1:8080", "http://localhost:1/", "http://[::1]:9", "https://push.example.com/huawei/"]
    {
        let credential = credential(&json!({"base_url": url}));
        assert_eq!(credential.options().base_url, url.trim_end_matches('/'));
    }
}

#[test]
fn prints_without_the_key() {
    let printed = format!("{:?}", credential(&json!({})));
    assert!(printed.contains("388421841221") && printed.contains("••••"), "{printed}");
    let line = pem().lines().nth(1).expect("a line of the key");
    assert!(!printed.contains(&line[..16]) && !printed.contains("BEGIN"), "{printed}");
}
