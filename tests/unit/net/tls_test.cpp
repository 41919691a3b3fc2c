#include "net/tls.hpp"
#include "metrics/catalog.hpp"
#include "net/http_client.hpp"
#include "net/stream.hpp"
#include "net/tls_look.hpp"
#include "net_fixture.hpp"
#include "support/test_certs.hpp"

#include <gtest/gtest.h>

#include <openssl/ssl.h>

#include <sys/socket.h>

#include <filesystem>
#include <fstream>

namespace holdfast::net {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;

// A TLS client with settings of the test, that verifies nothing.
class TlsPeer : public StreamUser, public std::enable_shared_from_this<TlsPeer> {
  public:
    static std::shared_ptr<TlsPeer> connect(TestLoop& loop, std::uint16_t port, const std::function<void(SSL_CTX*)>& set = nullptr) {
        auto peer = begin(loop, port, set);
        EXPECT_TRUE(loop.until([&] { return peer->shaken || peer->failed; }));
        return peer;
    }
    static std::shared_ptr<TlsPeer> begin(TestLoop& loop, std::uint16_t port, const std::function<void(SSL_CTX*)>& set = nullptr) {
        auto peer = std::make_shared<TlsPeer>(loop);
        peer->ctx_ = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_security_level(peer->ctx_, 0);
        if (set) set(peer->ctx_);
        tcp::socket socket(loop.io());
        socket.connect({boost::asio::ip::address_v4::loopback(), port});
        peer->fd_ = socket.native_handle();
        peer->ssl = SSL_new(peer->ctx_);
        peer->stream = make_tls_client_stream(std::move(socket), peer->ssl);
        peer->stream->handshake(peer);
        return peer;
    }
    explicit TlsPeer(TestLoop& loop) : loop_(loop) {}
    ~TlsPeer() override {
        stream.reset();
        SSL_CTX_free(ctx_);
    }
    void on_handshake(const error_code& ec) override {
        (ec ? failed : shaken) = true;
        if (!ec) stream->read(buffer_.data(), buffer_.size(), shared_from_this());
    }
    void on_read(const error_code& ec, std::size_t n) override {
        in.append(buffer_.data(), n);
        if (ec) {
            failed = true;
        } else {
            stream->read(buffer_.data(), buffer_.size(), shared_from_this());
        }
    }
    void on_written(const error_code&) override {}
    // Whether a request really goes through: in TLS 1.3 a server's refusal comes after the handshake.
    bool served() {
        if (!shaken) return false;
        out_ = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
        stream->write(out_.data(), out_.size(), shared_from_this());
        EXPECT_TRUE(loop_.until([this] { return failed || in.find("\r\n\r\n") != std::string::npos; }));
        return in.find("200 OK") != std::string::npos;
    }
    void send_below_tls(const std::string& bytes) const {
        EXPECT_EQ(::send(fd_, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    }
    std::string certificate_name() const {
        X509* cert = SSL_get1_peer_certificate(ssl);
        char name[64] = "";
        if (cert != nullptr) X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, name, sizeof name);
        X509_free(cert);
        return name;
    }

    SSL* ssl = nullptr;
    std::unique_ptr<Stream> stream;
    bool shaken = false;
    bool failed = false;
    std::string in;

  private:
    TestLoop& loop_;
    SSL_CTX* ctx_ = nullptr;
    int fd_ = -1;
    std::string out_;
    std::array<char, 4096> buffer_;
};

class TlsTest : public testing::Test {
  protected:
    void listen(const test::CertFiles& files, HttpLimits limits = patient_limits()) {
        auto loaded = TlsServer::load(files.certificate, files.private_key);
        ASSERT_TRUE(loaded) << loaded.error().detail;
        server = *loaded;
        ListenOptions options;
        options.tls = server;
        options.limits = limits;
        listener = listen_on(loop, handler, options);
        ASSERT_TRUE(listener);
    }
    // Both clients of ours against the listener, told by the same words.
    std::string reason(const std::string& host = "127.0.0.1", const std::string& ca_file = "") {
        auto client = *TlsClient::make(ca_file.empty() ? ca.file() : ca_file);
        const std::string port = ":" + std::to_string(listener->port());
        HttpCall what;
        what.url = *parse_url("https://" + host + port + "/");
        what.tls = client;
        what.timeout = k_patience;
        std::string by_http;
        http_call(loop, what, [&](const base::Result<HttpAnswer>& r) {
            by_http = r ? "ok" : std::string(r.error().code) + " " + r.error().detail;
        });
        EXPECT_TRUE(loop.until([&] { return !by_http.empty(); }));

        WsRecorder recorder;
        WsClientOptions options;
        options.url = *parse_url("wss://" + host + port + "/ws");
        options.tls = client;
        options.connect_timeout = k_patience;
        const auto socket = ws_connect(loop, options, &recorder);
        EXPECT_TRUE(loop.until([&] { return recorder.opened || recorder.closings > 0; }));
        const std::string by_ws = recorder.opened ? "ok" : std::string(recorder.close.error.code) + " " + recorder.close.error.detail;
        socket->set_listener(nullptr);
        if (handler.socket) handler.socket->set_listener(nullptr);
        EXPECT_EQ(by_http, by_ws);
        return by_ws;
    }

    test::TempDir dir;
    test::TestCa ca{dir};
    TestLoop loop;
    TestHandler handler;
    std::shared_ptr<TlsServer> server;
    std::unique_ptr<HttpListener> listener;
};

// --- what our clients accept (N17, N18) ---

TEST_F(TlsTest, ClientAcceptsTheRightCertificateByNameAndByAddress) {
    listen(ca.issue("server"));
    EXPECT_EQ(reason("127.0.0.1"), "ok");
    EXPECT_EQ(reason("localhost"), "ok");
}

TEST_F(TlsTest, ClientRefusesAnotherHostsCertificate) {
    test::CertWish wish;
    wish.names = {"example.com"};
    wish.addresses = {"127.0.0.2"};
    listen(ca.issue("server", wish));
    EXPECT_EQ(reason("127.0.0.1"), "tls host_mismatch");
    EXPECT_EQ(reason("localhost"), "tls host_mismatch");
}

TEST_F(TlsTest, ClientRefusesAnUnknownAuthority) {
    test::TestCa other(dir, "other");
    listen(ca.issue("server"));
    EXPECT_EQ(reason("127.0.0.1", other.file()), "tls unknown_ca");
}

TEST_F(TlsTest, ClientRefusesASelfSignedCertificate) {
    listen(ca.self_signed("server"));
    EXPECT_EQ(reason(), "tls self_signed");
}

// A server of the test, for certificates that TlsServer itself would not load.
class ForeignServer {
  public:
    ForeignServer(TestLoop& loop, const test::CertFiles& files, const std::function<void(SSL_CTX*)>& set = nullptr)
        : acceptor_(loop.io(), {boost::asio::ip::address_v4::loopback(), 0}), ctx_(SSL_CTX_new(TLS_server_method())) {
        SSL_CTX_set_security_level(ctx_, 0);
        SSL_CTX_use_certificate_chain_file(ctx_, files.certificate.c_str());
        SSL_CTX_use_PrivateKey_file(ctx_, files.private_key.c_str(), SSL_FILETYPE_PEM);
        if (set) set(ctx_);
        accept();
    }
    ~ForeignServer() { SSL_CTX_free(ctx_); }
    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  private:
    struct Peer : StreamUser {
        void on_read(const error_code&, std::size_t) override {}
        void on_written(const error_code&) override {}
        std::unique_ptr<Stream> stream;
    };
    void accept() {
        acceptor_.async_accept([this](const boost::system::error_code& ec, tcp::socket socket) {
            if (ec) return;
            auto peer = std::make_shared<Peer>();
            peer->stream = make_tls_server_stream(std::move(socket), SSL_new(ctx_));
            peer->stream->handshake(peer);
            accept();
        });
    }
    tcp::acceptor acceptor_;
    SSL_CTX* ctx_;
};

std::string error_against(TestLoop& loop, std::uint16_t port, const std::string& ca_file) {
    WsRecorder recorder;
    WsClientOptions options;
    options.url = *parse_url("wss://127.0.0.1:" + std::to_string(port) + "/");
    options.tls = *TlsClient::make(ca_file);
    options.connect_timeout = k_patience;
    const auto socket = ws_connect(loop, options, &recorder);
    EXPECT_TRUE(loop.until([&] { return recorder.opened || recorder.closings > 0; }));
    socket->set_listener(nullptr);
    return std::string(recorder.close.error.code) + " " + recorder.close.error.detail;
}

TEST_F(TlsTest, ClientRefusesCertificatesOutOfTheirDates) {
    test::CertWish expired;
    expired.from_days = -10;
    expired.to_days = -1;
    ForeignServer old(loop, ca.issue("old", expired));
    EXPECT_EQ(error_against(loop, old.port(), ca.file()), "tls expired");
    test::CertWish early;
    early.from_days = 1;
    ForeignServer young(loop, ca.issue("young", early));
    EXPECT_EQ(error_against(loop, young.port(), ca.file()), "tls not_yet_valid");
}

TEST_F(TlsTest, ALookSeesCertificatesAlsoWhenTheyDoNotHold) {
    const auto seen_at = [this](std::uint16_t port, const std::string& ca_file) {
        base::Result<CertificateLook> result = base::make_error(base::Condition::retry, "nothing");
        bool done = false;
        const auto url = *parse_url("https://127.0.0.1:" + std::to_string(port) + "/");
        tls_look(loop, url, ca_file, k_patience, [&](base::Result<CertificateLook> seen) {
            result = std::move(seen);
            done = true;
        });
        EXPECT_FALSE(done);
        EXPECT_TRUE(loop.until([&] { return done; }));
        return result;
    };
    const auto files = ca.issue("good");
    ForeignServer good(loop, files);
    const auto seen = seen_at(good.port(), ca.file());
    ASSERT_TRUE(seen) << seen.error().code;
    EXPECT_EQ(seen->failure, "");
    EXPECT_GT(seen->not_after_utc_s, 1'700'000'000);
    EXPECT_FALSE(seen->issuer.empty());
    EXPECT_EQ(seen->sha256.size(), 64U);
    const auto on_disk = look_at_certificate(files.certificate, "127.0.0.1", ca.file());
    ASSERT_TRUE(on_disk);
    EXPECT_EQ(on_disk->sha256, seen->sha256);

    EXPECT_EQ(seen_at(good.port(), "")->failure, "unknown_ca");
    test::CertWish expired;
    expired.from_days = -10;
    expired.to_days = -1;
    ForeignServer old(loop, ca.issue("old", expired));
    EXPECT_EQ(seen_at(old.port(), ca.file())->failure, "expired");
    test::CertWish elsewhere;
    elsewhere.names = {"elsewhere.example"};
    elsewhere.addresses = {};
    ForeignServer other(loop, ca.issue("other", elsewhere));
    EXPECT_EQ(seen_at(other.port(), ca.file())->failure, "host_mismatch");

    boost::asio::ip::tcp::acceptor silent(loop.io(), {boost::asio::ip::address_v4::loopback(), 0});
    base::Result<CertificateLook> hung = seen;
    bool done = false;
    const auto url = *parse_url("https://127.0.0.1:" + std::to_string(silent.local_endpoint().port()) + "/");
    tls_look(loop, url, ca.file(), std::chrono::milliseconds(50), [&](base::Result<CertificateLook> result) {
        hung = std::move(result);
        done = true;
    });
    EXPECT_TRUE(loop.until([&] { return done; }));
    ASSERT_FALSE(hung);
    EXPECT_STREQ(hung.error().code, "timeout");
    EXPECT_EQ(hung.error().detail, "tls");
}

TEST_F(TlsTest, ACertificateOnTheDiskIsLookedAtAsOthersWould) {
    const auto failure = [this](const test::CertFiles& files, const std::string& host, bool known) {
        const auto seen = look_at_certificate(files.certificate, host, known ? ca.file() : std::string());
        return seen ? seen->failure : std::string(seen.error().code);
    };
    const auto files = ca.issue("server");
    EXPECT_EQ(failure(files, "localhost", true), "");
    EXPECT_EQ(failure(files, "", true), "");
    EXPECT_EQ(failure(files, "edge.example", true), "host_mismatch");
    EXPECT_EQ(failure(files, "localhost", false), "unknown_ca");
    EXPECT_EQ(failure(ca.self_signed("self"), "localhost", true), "self_signed");
    EXPECT_EQ(failure({dir.file("none.pem"), ""}, "localhost", true), "tls_certificate");
}

TEST_F(TlsTest, ClientRefusesOldProtocols) {
    ForeignServer old(loop, ca.issue("old"), [](SSL_CTX* ctx) { SSL_CTX_set_max_proto_version(ctx, TLS1_1_VERSION); });
    const auto error = error_against(loop, old.port(), ca.file());
    EXPECT_EQ(error.find("tls other: "), 0u) << error;
}

TEST_F(TlsTest, ClientEndsAtItsDeadlineWhenTheHandshakeHangs) {
    tcp::acceptor silent(loop.io(), {boost::asio::ip::address_v4::loopback(), 0});
    WsRecorder recorder;
    WsClientOptions options;
    options.url = *parse_url("wss://127.0.0.1:" + std::to_string(silent.local_endpoint().port()) + "/");
    options.tls = *TlsClient::make(ca.file());
    options.connect_timeout = 30ms;
    const auto socket = ws_connect(loop, options, &recorder);
    ASSERT_TRUE(loop.until([&] { return recorder.closings > 0; }));
    EXPECT_STREQ(recorder.close.error.code, "timeout");
    EXPECT_EQ(recorder.close.error.detail, "tls");
}

TEST_F(TlsTest, ClientWithoutAContextDoesNotFallBackToPlainText) {
    listen(ca.issue("server"));
    WsRecorder recorder;
    WsClientOptions options;
    options.url = *parse_url("wss://127.0.0.1:" + std::to_string(listener->port()) + "/ws");
    const auto socket = ws_connect(loop, options, &recorder);
    ASSERT_TRUE(loop.until([&] { return recorder.closings > 0; }));
    EXPECT_STREQ(recorder.close.error.code, "tls");
}

// --- what our server offers ---

TEST_F(TlsTest, ServerSpeaksBothVersionsAndNothingOlder) {
    listen(ca.issue("server"));
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const auto peer = TlsPeer::connect(loop, listener->port(), [version](SSL_CTX* ctx) {
            SSL_CTX_set_min_proto_version(ctx, version);
            SSL_CTX_set_max_proto_version(ctx, version);
        });
        EXPECT_TRUE(peer->served()) << version;
        EXPECT_EQ(SSL_version(peer->ssl), version);
    }
    for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
        const auto peer = TlsPeer::connect(loop, listener->port(), [version](SSL_CTX* ctx) {
            SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
            SSL_CTX_set_max_proto_version(ctx, version);
        });
        EXPECT_FALSE(peer->served()) << version;
    }
}

TEST_F(TlsTest, ServerRefusesCiphersWithoutForwardSecrecyOrAuthenticatedEncryption) {
    listen(ca.issue("server"));
    for (const char* weak : {"ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "AES128-GCM-SHA256", "NULL-SHA256"}) {
        const auto peer = TlsPeer::connect(loop, listener->port(), [weak](SSL_CTX* ctx) {
            SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
            SSL_CTX_set_cipher_list(ctx, weak);
        });
        EXPECT_FALSE(peer->served()) << weak;
    }
}

TEST_F(TlsTest, ServerGivesNoTicketsAndResumesNothing) {
    listen(ca.issue("server"));
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const auto peer = TlsPeer::connect(loop, listener->port(), [version](SSL_CTX* ctx) { SSL_CTX_set_max_proto_version(ctx, version); });
        ASSERT_TRUE(peer->served());
        SSL_SESSION* session = SSL_get1_session(peer->ssl);
        EXPECT_EQ(SSL_SESSION_has_ticket(session), 0) << version;
        SSL_SESSION_free(session);
    }
}

TEST_F(TlsTest, ServerNegotiatesOnlyHttp11) {
    listen(ca.issue("server"));
    const auto offer = [](const std::string& protocols) {
        return [protocols](SSL_CTX* ctx) {
            SSL_CTX_set_alpn_protos(ctx, reinterpret_cast<const unsigned char*>(protocols.data()), static_cast<unsigned>(protocols.size()));
        };
    };
    const auto both = TlsPeer::connect(loop, listener->port(), offer("\x02h2\x08http/1.1"));
    EXPECT_TRUE(both->served());
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(both->ssl, &chosen, &size);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(chosen), size), "http/1.1");
    EXPECT_FALSE(TlsPeer::connect(loop, listener->port(), offer("\x02h2"))->served());
}

TEST_F(TlsTest, ServerRefusesRenegotiation) {
    listen(ca.issue("server"));
    const auto peer = TlsPeer::connect(loop, listener->port(), [](SSL_CTX* ctx) { SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION); });
    ASSERT_TRUE(peer->served());
    peer->in.clear();
    SSL_renegotiate(peer->ssl);
    EXPECT_FALSE(peer->served());
}

TEST_F(TlsTest, SecureRequestsSaySo) {
    listen(ca.issue("server"));
    ASSERT_TRUE(TlsPeer::connect(loop, listener->port())->served());
    EXPECT_TRUE(handler.requests.at(0).secure);
}

TEST_F(TlsTest, PlainTextOnTheTlsPortIsCut) {
    listen(ca.issue("server"));
    RawPeer peer(loop, listener->port());
    peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(peer.hangs_up());
    EXPECT_EQ(peer.in.find("HTTP"), std::string::npos);
}

TEST_F(TlsTest, AHandshakeThatDoesNotComeIsCut) {
    auto limits = patient_limits();
    limits.tls_and_header_total = 30ms;
    listen(ca.issue("server"), limits);
    const auto before = metrics::http_timeout_total.value("tls");
    RawPeer peer(loop, listener->port());
    EXPECT_TRUE(peer.hangs_up());
    EXPECT_EQ(metrics::http_timeout_total.value("tls"), before + 1);
}

// X03: a silent connection holds its turn; who comes later waits for it and is not dropped.
TEST_F(TlsTest, HandshakesTakeTurnsInAFlood) {
    auto limits = patient_limits();
    limits.handshakes_max = 1;
    listen(ca.issue("server"), limits);
    RawPeer silent(loop, listener->port());
    ASSERT_TRUE(loop.until([this] { return listener->connections() == 1; }));
    const auto peer = TlsPeer::begin(loop, listener->port());
    ASSERT_TRUE(loop.until([this] { return listener->connections() == 2; }));
    loop.settle();
    EXPECT_FALSE(peer->shaken || peer->failed);
    silent.reset();
    ASSERT_TRUE(loop.until([&] { return peer->shaken || peer->failed; }));
    EXPECT_TRUE(peer->served());
}

TEST_F(TlsTest, ATurnThatNeverComesEndsAtTheDeadline) {
    auto limits = patient_limits();
    limits.tls_and_header_total = 30ms;
    limits.handshakes_max = 0;
    listen(ca.issue("server"), limits);
    const auto peer = TlsPeer::connect(loop, listener->port());
    EXPECT_TRUE(peer->failed);
    EXPECT_EQ(listener->connections(), 0u);
}

TEST_F(TlsTest, HandshakesWaitForTheRateInsteadOfBeingDropped) {
    auto limits = patient_limits();
    limits.handshakes_per_second = 20;
    limits.unproven_per_address = 100;
    limits.unproven_drop_from = 100;
    listen(ca.issue("server"), limits);
    std::vector<std::shared_ptr<TlsPeer>> peers;
    const auto start = base::Mono::now();
    for (int i = 0; i < 30; ++i) peers.push_back(TlsPeer::connect(loop, listener->port()));
    for (const auto& peer : peers) EXPECT_TRUE(peer->shaken);
    EXPECT_GE(base::Mono::now() - start, 400ms) << "thirty at twenty a second, twenty of them at once";
}

// --- loading ---

TEST_F(TlsTest, LoadsPairsThatFitAndTellsWhatIsOutOfDate) {
    const auto good = ca.issue("good");
    const auto other = ca.issue("other-key");
    test::CertWish expired;
    expired.from_days = -10;
    expired.to_days = -1;
    const auto old = ca.issue("old", expired);
    test::CertWish early;
    early.from_days = 1;
    const auto young = ca.issue("young", early);
    std::ofstream(dir.file("junk.pem")) << "junk";
    const auto code = [](const std::string& certificate, const std::string& key) {
        const auto r = TlsServer::load(certificate, key);
        if (r && !(*r)->out_of_date().empty()) return std::string((*r)->out_of_date());
        return std::string(r ? "ok" : r.error().code);
    };
    EXPECT_EQ(code(good.certificate, good.private_key), "ok");
    EXPECT_EQ(code(good.certificate, other.private_key), "tls_private_key");
    EXPECT_EQ(code(old.certificate, old.private_key), "tls_expired");
    EXPECT_EQ(code(young.certificate, young.private_key), "tls_not_yet_valid");
    EXPECT_EQ(code(dir.file("junk.pem"), good.private_key), "tls_certificate");
    EXPECT_EQ(code(dir.file("missing.pem"), good.private_key), "tls_certificate");
    EXPECT_EQ(code(good.certificate, dir.file("missing.key")), "tls_private_key");
    EXPECT_FALSE(TlsClient::make(dir.file("missing-ca.pem")));
    EXPECT_TRUE(TlsClient::make(""));
}

TEST_F(TlsTest, AnotherCertificateIsServedToNewConnectionsOnly) {
    listen(ca.issue("first"));
    const auto before = TlsPeer::connect(loop, listener->port());
    EXPECT_EQ(before->certificate_name(), "first");
    const auto first_end = server->not_after_utc_s();

    test::CertWish longer;
    longer.to_days = 60;
    const auto files = ca.issue("second", longer);
    {
        const auto next = TlsServer::load(files.certificate, files.private_key);
        ASSERT_TRUE(next);
        EXPECT_FALSE(server->has_certificate_of(**next));
        server->take_from(**next);
        EXPECT_TRUE(server->has_certificate_of(**next));
    }
    EXPECT_NEAR(static_cast<double>(server->not_after_utc_s() - first_end), 30 * 86'400.0, 10.0);

    const auto after = TlsPeer::connect(loop, listener->port());
    EXPECT_EQ(after->certificate_name(), "second");
    EXPECT_TRUE(before->served()) << "the old connection goes on";
}

// --- ends of TLS connections (N19) ---

TEST_F(TlsTest, AnEndWithoutCloseNotifyIsAnAbnormalClose) {
    listen(ca.issue("server"));
    const auto peer = TlsPeer::connect(loop, listener->port());
    const std::string request = upgrade_request();
    peer->stream->write(request.data(), request.size(), peer);
    ASSERT_TRUE(loop.until([&] { return peer->in.find("101") != std::string::npos; }));
    peer->stream->close();
    ASSERT_TRUE(loop.until([this] { return handler.recorder.closings > 0; }));
    EXPECT_STREQ(handler.recorder.close.error.code, "eof");
    EXPECT_EQ(handler.recorder.close.code, 1006);
}

TEST_F(TlsTest, GarbageInTheMiddleIsATlsError) {
    listen(ca.issue("server"));
    const auto peer = TlsPeer::connect(loop, listener->port());
    const std::string request = upgrade_request();
    peer->stream->write(request.data(), request.size(), peer);
    ASSERT_TRUE(loop.until([&] { return peer->in.find("101") != std::string::npos; }));
    peer->send_below_tls(std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'g'));
    ASSERT_TRUE(loop.until([this] { return handler.recorder.closings > 0; }));
    EXPECT_STREQ(handler.recorder.close.error.code, "tls");
}

}  // namespace
}  // namespace holdfast::net
