// What any relay must at least do, to measure holdfastd against: the same listener, sockets, TLS and
// WebSocket engine, payloads found by string search and put into a fixed template, and nothing else: no
// JSON parser, no checks, no pacing, no marks, no journal, no metrics of its own.
#include "net/asio_loop.hpp"
#include "net/http_server.hpp"
#include "net/tls.hpp"
#include "net/ws.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace {

using namespace holdfast;

std::string_view between(std::string_view text, std::string_view before, char end) {
    const auto at = text.find(before);
    if (at == std::string_view::npos) return {};
    const auto start = at + before.size();
    return text.substr(start, text.find(end, start) - start);
}

class Pair;
using Pairs = std::unordered_map<Pair*, std::shared_ptr<Pair>>;

// A caller's socket and its provider socket.
class Pair {
  public:
    Pair(net::AsioLoop& loop, const net::WsClientOptions& provider, std::shared_ptr<net::WsConnection> caller,
         Pairs& pairs)
        : pairs_(pairs), from_caller_{*this}, from_provider_{*this}, caller_(std::move(caller)) {
        caller_->set_listener(&from_caller_);
        provider_ = net::ws_connect(loop, provider, &from_provider_);
    }
    ~Pair() {
        caller_->set_listener(nullptr);
        provider_->set_listener(nullptr);
    }

  private:
    struct FromCaller : net::WsListener {
        explicit FromCaller(Pair& p) : pair(p) {}
        void on_ws_text(std::string_view text) override {
            const auto payload = between(text, "\"payload\":\"", '"');
            if (payload.empty()) {
                if (pair.stream_.empty()) pair.stream_ = between(text, "\"streamSid\":\"", '"');
                return;
            }
            pair.out_.assign(R"({"type":"input_audio_buffer.append","audio":")").append(payload).append("\"}");
            pair.provider_->send_text(pair.out_);
        }
        void on_ws_binary(std::size_t) override {}
        void on_ws_closed(const net::WsClose&) override { pair.provider_->close(1000, ""); pair.leave(); }
        Pair& pair;
    };
    struct FromProvider : net::WsListener {
        explicit FromProvider(Pair& p) : pair(p) {}
        void on_ws_open() override {
            pair.provider_->send_text(
                R"({"type":"session.update","session":{"type":"realtime","audio":{"input":{"format":{"type":"audio/pcmu"}},"output":{"format":{"type":"audio/pcmu"}}}}})");
        }
        void on_ws_text(std::string_view text) override {
            const auto delta = between(text, "\"delta\":\"", '"');
            if (delta.empty()) return;
            pair.out_.assign(R"({"event":"media","streamSid":")").append(pair.stream_)
                .append(R"(","media":{"payload":")").append(delta).append("\"}}");
            pair.caller_->send_text(pair.out_);
        }
        void on_ws_binary(std::size_t) override {}
        void on_ws_closed(const net::WsClose&) override { pair.caller_->close(1000, ""); }
        Pair& pair;
    };

    void leave() { pairs_.erase(this); }

    Pairs& pairs_;
    FromCaller from_caller_;
    FromProvider from_provider_;
    std::shared_ptr<net::WsConnection> caller_, provider_;
    std::string stream_, out_;
};

class Relay : public net::HttpHandler {
  public:
    Relay(net::AsioLoop& loop, net::WsClientOptions provider) : loop_(loop), provider_(std::move(provider)) {}

    void on_request(const net::HttpRequest& request, net::HttpReply reply) override {
        net::HttpResponse response;
        response.content_type = "text/xml; charset=utf-8";
        response.proven = true;
        response.body = R"(<?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url="wss://)" +
                        std::string(request.header("host")) +
                        R"(/ws/media"><Parameter name="token" value="none"/></Stream></Connect><Say>bye</Say></Response>)";
        reply(std::move(response));
    }
    net::UpgradeAnswer on_upgrade(const net::HttpRequest&) override {
        net::UpgradeAnswer answer;
        answer.accept = true;
        answer.opened = [this](std::shared_ptr<net::WsConnection> socket) {
            auto pair = std::make_shared<Pair>(loop_, provider_, std::move(socket), pairs_);
            pairs_.emplace(pair.get(), pair);
        };
        return answer;
    }

  private:
    net::AsioLoop& loop_;
    net::WsClientOptions provider_;
    Pairs pairs_;
};

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"bare relay between Media Streams and a realtime provider, for comparison"};
    std::string provider, certificate, key, ca;
    app.add_option("--provider", provider, "wss://host:port/path?model=...")->required();
    app.add_option("--certificate", certificate)->required();
    app.add_option("--private-key", key)->required();
    app.add_option("--ca-file", ca)->required();
    CLI11_PARSE(app, argc, argv);

    net::AsioLoop loop;
    net::WsClientOptions options;
    options.url = net::parse_url(provider).value();
    options.headers = {{"Authorization", "Bearer bench"}};
    options.tls = net::TlsClient::make(ca).value();
    options.limits.message_bytes_max = 1 << 20;
    Relay relay(loop, std::move(options));
    net::ListenOptions listen;
    listen.address = "127.0.0.1";
    listen.tls = net::TlsServer::load(certificate, key).value();
    const auto listener = net::HttpListener::open(loop, std::move(listen), relay).value().release();
    std::printf("listening on %u\n", static_cast<unsigned>(listener->port()));
    std::fflush(stdout);
    loop.run();
}
