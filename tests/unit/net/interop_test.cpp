// Our two ends against an implementation that shares no code with them (python3-websockets).
#include "net/tls.hpp"
#include "net_fixture.hpp"
#include "support/test_certs.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <gtest/gtest.h>

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

namespace holdfast::net {
namespace {

constexpr const char* k_python = "/usr/bin/python3";  // Debian's, the one with Debian's modules

// A child whose standard output is read by the loop; it lives as long as its standard input is open.
class Child {
  public:
    Child(TestLoop& loop, std::vector<std::string> words) : out_(loop.io()) {
        int in[2], out[2];
        EXPECT_EQ(pipe(in), 0);
        EXPECT_EQ(pipe(out), 0);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, in[0], 0);
        posix_spawn_file_actions_adddup2(&actions, out[1], 1);
        posix_spawn_file_actions_addclose(&actions, in[1]);
        posix_spawn_file_actions_addclose(&actions, out[0]);
        std::vector<char*> argv;
        words.insert(words.begin(), {k_python, std::string(HOLDFAST_SOURCE_DIR) + "/tests/unit/net/interop_peer.py"});
        for (auto& word : words) argv.push_back(word.data());
        argv.push_back(nullptr);
        EXPECT_EQ(posix_spawn(&pid_, k_python, &actions, nullptr, argv.data(), environ), 0);
        posix_spawn_file_actions_destroy(&actions);
        close(in[0]);
        close(out[1]);
        stdin_ = in[1];
        out_.assign(out[0]);
        read();
    }
    ~Child() {
        *alive_ = false;
        close(stdin_);
        kill(pid_, SIGTERM);  // it would wait for the rest of our loop, which runs no more
        waitpid(pid_, nullptr, 0);
    }
    static bool available() {
        return std::system("/usr/bin/python3 -c 'import websockets' 2>/dev/null") == 0;
    }

    std::string said;
    bool ended = false;

  private:
    void read() {
        out_.async_read_some(boost::asio::buffer(buffer_), [this, alive = alive_](const boost::system::error_code& ec, std::size_t n) {
            if (!*alive) return;
            said.append(buffer_.data(), n);
            if (ec) {
                ended = true;
            } else {
                read();
            }
        });
    }
    boost::asio::posix::stream_descriptor out_;
    std::array<char, 256> buffer_;
    pid_t pid_ = 0;
    int stdin_ = -1;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

class EchoHandler : public HttpHandler {
  public:
    void on_request(const HttpRequest&, HttpReply reply) override { reply(HttpResponse{}); }
    UpgradeAnswer on_upgrade(const HttpRequest& request) override {
        UpgradeAnswer answer;
        answer.accept = request.path() == "/ws";
        answer.refusal.status = 404;
        answer.limits = patient_ws_limits();
        answer.limits.message_bytes_max = 1024 * 1024;
        answer.opened = [this](std::shared_ptr<WsConnection> socket) {
            echoes.push_back(std::make_unique<Echo>(std::move(socket)));
        };
        return answer;
    }

  private:
    struct Echo : WsListener {
        explicit Echo(std::shared_ptr<WsConnection> s) : socket(std::move(s)) { socket->set_listener(this); }
        ~Echo() override { socket->set_listener(nullptr); }
        void on_ws_text(std::string_view text) override { socket->send_text(text); }
        void on_ws_binary(std::size_t) override { socket->close(1003, "no binary here"); }
        void on_ws_closed(const WsClose&) override {}
        std::shared_ptr<WsConnection> socket;
    };
    std::vector<std::unique_ptr<Echo>> echoes;
};

class Interop : public testing::TestWithParam<bool> {
  protected:
    void SetUp() override {
        if (!Child::available()) GTEST_SKIP() << "python3-websockets is not installed";
    }
    TestLoop loop;
    test::TempDir dir;
    test::TestCa ca{dir};
    test::CertFiles files = ca.issue("server");
};

TEST_P(Interop, ServesAForeignClient) {
    EchoHandler handler;
    ListenOptions options = patient_options();
    if (GetParam()) options.tls = *TlsServer::load(files.certificate, files.private_key);
    const auto listener = listen_on(loop, handler, options);
    const std::string url = std::string(GetParam() ? "wss" : "ws") + "://127.0.0.1:" + std::to_string(listener->port()) + "/ws";
    Child child(loop, GetParam() ? std::vector<std::string>{"client", url, ca.file()} : std::vector<std::string>{"client", url});
    ASSERT_TRUE(loop.until([&] { return child.ended; }));
    EXPECT_EQ(child.said, "ok\n");
}

TEST_P(Interop, TalksToAForeignServer) {
    Child child(loop, GetParam() ? std::vector<std::string>{"server", files.certificate, files.private_key} : std::vector<std::string>{"server"});
    ASSERT_TRUE(loop.until([&] { return child.ended || child.said.find('\n') != std::string::npos; }));
    ASSERT_EQ(child.said.rfind("port ", 0), 0u);
    WsClientOptions options;
    options.url = *parse_url(std::string(GetParam() ? "wss" : "ws") + "://127.0.0.1:" + std::to_string(std::stoi(child.said.substr(5))) + "/v1?x=1");
    options.subprotocols = {"realtime"};
    options.limits.message_bytes_max = 1024 * 1024;
    options.connect_timeout = k_patience;
    options.tls = *TlsClient::make(ca.file());
    WsRecorder recorder;
    const auto socket = ws_connect(loop, options, &recorder);
    ASSERT_TRUE(loop.until([&] { return recorder.opened || recorder.closings > 0; }));
    ASSERT_TRUE(recorder.opened) << recorder.close.error.code << " " << recorder.close.error.detail;

    for (const std::size_t size : {0u, 1u, 125u, 126u, 65535u, 65536u, 200000u}) {
        const int before = recorder.texts;
        const std::string text(size, 'x');
        ASSERT_TRUE(socket->send_text(text));
        ASSERT_TRUE(loop.until([&] { return recorder.texts == before + 1; })) << size;
        EXPECT_EQ(recorder.last, text);
    }
    socket->send_text("fragments");
    ASSERT_TRUE(loop.until([&] { return recorder.last == "abc"; }));
    socket->send_ping();
    ASSERT_TRUE(loop.until([&] { return recorder.pongs == 1; }));
    socket->send_text("close");
    ASSERT_TRUE(loop.until([&] { return recorder.closings == 1; }));
    EXPECT_EQ(recorder.close.code, 4002);
    EXPECT_EQ(recorder.close.reason, "server's wish");
    EXPECT_FALSE(recorder.close.by_us);
}

INSTANTIATE_TEST_SUITE_P(PlainAndTls, Interop, testing::Bool(),
                         [](const auto& row) { return row.param ? "Tls" : "Plain"; });

}  // namespace
}  // namespace holdfast::net
