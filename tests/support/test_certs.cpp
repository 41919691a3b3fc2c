#include "support/test_certs.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace holdfast::test {

namespace {

struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* cert) const { X509_free(cert); }
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Cert = std::unique_ptr<X509, Free>;
using File = std::unique_ptr<std::FILE, Free>;

void need(bool ok, const char* what) {
    if (!ok) throw std::runtime_error(std::string("test certificate: ") + what);
}

Key make_key() {
    Key key(EVP_EC_gen("P-256"));
    need(key != nullptr, "key");
    return key;
}

void add_extension(X509* cert, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, cert, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &ctx, nid, value.c_str());
    need(extension != nullptr, "extension");
    X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
}

Cert make_cert(EVP_PKEY* key, const std::string& subject, int from_days, int to_days) {
    static long serial = 1000;
    Cert cert(X509_new());
    need(cert != nullptr, "certificate");
    X509_set_version(cert.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(cert.get()), 86'400L * from_days);
    X509_gmtime_adj(X509_getm_notAfter(cert.get()), 86'400L * to_days);
    X509_set_pubkey(cert.get(), key);
    const auto* text = reinterpret_cast<const unsigned char*>(subject.c_str());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert.get()), "CN", MBSTRING_UTF8, text, -1, -1, 0);
    return cert;
}

File open_for_writing(const std::string& path) {
    File file(std::fopen(path.c_str(), "w"));
    need(file != nullptr, path.c_str());
    return file;
}

std::string alternative_names(const CertWish& wish) {
    std::string out;
    for (const auto& name : wish.names) out += (out.empty() ? "DNS:" : ",DNS:") + name;
    for (const auto& address : wish.addresses) out += (out.empty() ? "IP:" : ",IP:") + address;
    return out;
}

}  // namespace

TempDir::TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "holdfast-test-XXXXXX").string();
    need(mkdtemp(pattern.data()) != nullptr, "folder");
    path_ = pattern;
}

TempDir::~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

struct TestCa::Impl {
    std::string folder;
    Key key;
    Cert cert;

    CertFiles write(const std::string& name, const CertWish& wish, bool self_signed) const {
        const Key leaf_key = make_key();
        const Cert leaf = make_cert(leaf_key.get(), name, wish.from_days, wish.to_days);
        X509* const issuer = self_signed ? leaf.get() : cert.get();
        X509_set_issuer_name(leaf.get(), X509_get_subject_name(issuer));
        add_extension(leaf.get(), issuer, NID_subject_alt_name, alternative_names(wish));
        need(X509_sign(leaf.get(), self_signed ? leaf_key.get() : key.get(), EVP_sha256()) > 0, "signature");
        const CertFiles files{folder + "/" + name + ".pem", folder + "/" + name + ".key"};
        PEM_write_X509(open_for_writing(files.certificate).get(), leaf.get());
        PEM_write_PrivateKey(open_for_writing(files.private_key).get(), leaf_key.get(), nullptr, nullptr, 0,
                             nullptr, nullptr);
        return files;
    }
};

TestCa::TestCa(const TempDir& dir, const std::string& name)
    : impl_(std::make_unique<Impl>()), file_(dir.file(name + ".pem")) {
    impl_->folder = dir.path();
    impl_->key = make_key();
    impl_->cert = make_cert(impl_->key.get(), "Holdfast test " + name, -2, 60);
    X509* const cert = impl_->cert.get();
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    add_extension(cert, cert, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(cert, cert, NID_key_usage, "critical,keyCertSign");
    need(X509_sign(cert, impl_->key.get(), EVP_sha256()) > 0, "signature");
    PEM_write_X509(open_for_writing(file_).get(), cert);
}

TestCa::~TestCa() = default;

CertFiles TestCa::issue(const std::string& name, const CertWish& wish) { return impl_->write(name, wish, false); }
CertFiles TestCa::self_signed(const std::string& name, const CertWish& wish) { return impl_->write(name, wish, true); }

}  // namespace holdfast::test
