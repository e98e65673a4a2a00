// Real certificates of authorities, made once with openssl, valid until 2126.
#pragma once

namespace tandem::testing {

// /O=Acme Works/CN=Acme authority
inline constexpr char kAcmeAuthority[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBsjCCAVmgAwIBAgIUXmYDG8RhRETjmOwtk9iJNqQ/P1MwCgYIKoZIzj0EAwIw\n"
    "LjETMBEGA1UECgwKQWNtZSBXb3JrczEXMBUGA1UEAwwOQWNtZSBhdXRob3JpdHkw\n"
    "IBcNMjYxMTI2MTE1MDEzWhgPMjEyNjExMDIxMTUwMTNaMC4xEzARBgNVBAoMCkFj\n"
    "bWUgV29ya3MxFzAVBgNVBAMMDkFjbWUgYXV0aG9yaXR5MFkwEwYHKoZIzj0CAQYI\n"
    "KoZIzj0DAQcDQgAEbuzAhfgDoBkbdH532wU57hc9tOOEXc1oWVnvd4myhIt16G9K\n"
    "A2HEdHiST5tGhMeH5/TaHjZmU3vgonxYHJ6fnKNTMFEwHQYDVR0OBBYEFKv0Ucmk\n"
    "Uvc/WQK31hjUPYLg1bCBMB8GA1UdIwQYMBaAFKv0UcmkUvc/WQK31hjUPYLg1bCB\n"
    "MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgAUNdFDjV0QUk+Z4I\n"
    "I2mf0xFRL6G6hSjUmxzMdMqMoBECIC1jPIQ3lvpdbE/iO6H8VwOSTxpTlvRNFG8r\n"
    "XwIHxaba\n"
    "-----END CERTIFICATE-----\n";
// The same name to a handshake, written another way: /O=ACME  works/CN= acme Authority
inline constexpr char kAcmeAuthorityRespelled[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBujCCAV+gAwIBAgIUZjwrtrPMM/7qgFk0YQaAA9WfO1wwCgYIKoZIzj0EAwIw\n"
    "MTEUMBIGA1UECgwLQUNNRSAgd29ya3MxGTAXBgNVBAMMECBhY21lIEF1dGhvcml0\n"
    "eSAwIBcNMjYxMTI2MTE1MDEzWhgPMjEyNjExMDIxMTUwMTNaMDExFDASBgNVBAoM\n"
    "C0FDTUUgIHdvcmtzMRkwFwYDVQQDDBAgYWNtZSBBdXRob3JpdHkgMFkwEwYHKoZI\n"
    "zj0CAQYIKoZIzj0DAQcDQgAEbuzAhfgDoBkbdH532wU57hc9tOOEXc1oWVnvd4my\n"
    "hIt16G9KA2HEdHiST5tGhMeH5/TaHjZmU3vgonxYHJ6fnKNTMFEwHQYDVR0OBBYE\n"
    "FKv0UcmkUvc/WQK31hjUPYLg1bCBMB8GA1UdIwQYMBaAFKv0UcmkUvc/WQK31hjU\n"
    "PYLg1bCBMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAJyYa0VA\n"
    "zUNVeiFYROnrUZj3O5pjHmo7SePi1IpIX0wDAiEAi6omAQIW32w/yUhjpkfdMVEw\n"
    "05QlGK5yTm2M3BHB9hE=\n"
    "-----END CERTIFICATE-----\n";
// /O=Other Works/CN=Other authority
inline constexpr char kOtherAuthority[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBuDCCAV2gAwIBAgIUEt88eUxzhmJSIaVBVsUxBcVFBvQwCgYIKoZIzj0EAwIw\n"
    "MDEUMBIGA1UECgwLT3RoZXIgV29ya3MxGDAWBgNVBAMMD090aGVyIGF1dGhvcml0\n"
    "eTAgFw0yNjExMjYxMTUwMTNaGA8yMTI2MTEwMjExNTAxM1owMDEUMBIGA1UECgwL\n"
    "T3RoZXIgV29ya3MxGDAWBgNVBAMMD090aGVyIGF1dGhvcml0eTBZMBMGByqGSM49\n"
    "AgEGCCqGSM49AwEHA0IABG7swIX4A6AZG3R+d9sFOe4XPbTjhF3NaFlZ73eJsoSL\n"
    "dehvSgNhxHR4kk+bRoTHh+f02h42ZlN74KJ8WByen5yjUzBRMB0GA1UdDgQWBBSr\n"
    "9FHJpFL3P1kCt9YY1D2C4NWwgTAfBgNVHSMEGDAWgBSr9FHJpFL3P1kCt9YY1D2C\n"
    "4NWwgTAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQDKnAwh9RzX\n"
    "hSxt20O6KwippN7AtQgtJkH9eCBAzEwUAQIhAII0WIXdgd2zdR7ZepnT1d4q6CS1\n"
    "Uxuuv+Bhv/5wb6Fq\n"
    "-----END CERTIFICATE-----\n";
// Acme's two parts the other way round, which is another name: /CN=Acme authority/O=Acme Works
inline constexpr char kAcmeAuthoritySwapped[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBszCCAVmgAwIBAgIUJ7iDBfiPNl3+12G0TxANDDn6ha4wCgYIKoZIzj0EAwIw\n"
    "LjEXMBUGA1UEAwwOQWNtZSBhdXRob3JpdHkxEzARBgNVBAoMCkFjbWUgV29ya3Mw\n"
    "IBcNMjYxMTI2MTE1MDEzWhgPMjEyNjExMDIxMTUwMTNaMC4xFzAVBgNVBAMMDkFj\n"
    "bWUgYXV0aG9yaXR5MRMwEQYDVQQKDApBY21lIFdvcmtzMFkwEwYHKoZIzj0CAQYI\n"
    "KoZIzj0DAQcDQgAEbuzAhfgDoBkbdH532wU57hc9tOOEXc1oWVnvd4myhIt16G9K\n"
    "A2HEdHiST5tGhMeH5/TaHjZmU3vgonxYHJ6fnKNTMFEwHQYDVR0OBBYEFKv0Ucmk\n"
    "Uvc/WQK31hjUPYLg1bCBMB8GA1UdIwQYMBaAFKv0UcmkUvc/WQK31hjUPYLg1bCB\n"
    "MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAKbsUyAwglLeLbsE\n"
    "3IjoQjoET92R41OiOWuLWYWhF/HVAiBYw+efgMxtwzG31DjmExgYS41HUnDHzG8N\n"
    "h2lOLEdgmw==\n"
    "-----END CERTIFICATE-----\n";

// A certificate, and its private key, which opens nothing. /O=Keyed Works/CN=Keyed
inline constexpr char kKeyedCertificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBpDCCAUmgAwIBAgIUU8UzBLJXaiYJ+2h9VloThYOOEzgwCgYIKoZIzj0EAwIw\n"
    "JjEUMBIGA1UECgwLS2V5ZWQgV29ya3MxDjAMBgNVBAMMBUtleWVkMCAXDTI2MTEy\n"
    "NzA1MDQyMFoYDzIxMjYxMTAzMDUwNDIwWjAmMRQwEgYDVQQKDAtLZXllZCBXb3Jr\n"
    "czEOMAwGA1UEAwwFS2V5ZWQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARvHKcm\n"
    "NzJo5aLSJpkyb99FKqk4pMZZNOWrE0U/DtFEdq8yt74ir2G5SW2sLTsCz5dnlO//\n"
    "imB/wQ5RNeimPxYso1MwUTAdBgNVHQ4EFgQUl2p/69FYJGxTjsEGBVrDjRftphMw\n"
    "HwYDVR0jBBgwFoAUl2p/69FYJGxTjsEGBVrDjRftphMwDwYDVR0TAQH/BAUwAwEB\n"
    "/zAKBggqhkjOPQQDAgNJADBGAiEA3w9Bs5Y1SrAge6rd9raM3dOQTc1L6Amw9PKa\n"
    "ya+moL4CIQD2QmYyrEVxlA+UPK26gWRo1WkkKTuPn3lnhj0XISg7kQ==\n"
    "-----END CERTIFICATE-----\n";
inline constexpr char kKeyedKey[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgDlofcZFyRcSrgwaE\n"
    "mKQOjLwFzqxOZ1JcS3dfRz7mnzyhRANCAARvHKcmNzJo5aLSJpkyb99FKqk4pMZZ\n"
    "NOWrE0U/DtFEdq8yt74ir2G5SW2sLTsCz5dnlO//imB/wQ5RNeimPxYs\n"
    "-----END PRIVATE KEY-----\n";

}  // namespace tandem::testing
