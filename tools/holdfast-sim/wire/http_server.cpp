#include "wire/http_server.hpp"

namespace holdfast::sim {

class HttpServer::Connection final : public StreamHandler {
  public:
    Connection(HttpServer& server, StreamPtr stream) : server_(server), stream_(std::move(stream)) {
        stream_->set_handler(this);
    }
    ~Connection() override { stream_->set_handler(nullptr); }

    void on_bytes(std::string_view bytes) override {
        const auto state = request_.feed(bytes);
        if (state == HttpReader::State::bad) reply({400, request_.problem(), "text/plain", {}});
        if (state == HttpReader::State::done) reply(server_.answer_(request_.message()));
    }
    void on_end(const std::string&) override {
        server_.connections_.remove_if([this](const auto& c) { return c.get() == this; });
    }

  private:
    void reply(HttpReply reply) {
        reply.headers.emplace_back("Content-Type", reply.content_type);
        reply.headers.emplace_back("Connection", "close");
        stream_->write(format_response(reply.status, reply.headers, reply.body));
        stream_->close();
    }

    HttpServer& server_;
    StreamPtr stream_;
    HttpReader request_{HttpReader::Kind::request};
};

HttpServer::HttpServer(Answer answer) : answer_(std::move(answer)) {}
HttpServer::~HttpServer() = default;

base::Result<std::unique_ptr<HttpServer>> HttpServer::open(net::AsioLoop& loop, const std::string& address,
                                                           std::uint16_t port, Answer answer) {
    std::unique_ptr<HttpServer> server(new HttpServer(std::move(answer)));
    auto acceptor = Acceptor::open(loop, address, port, nullptr, [s = server.get()](StreamPtr stream) {
        s->connections_.push_back(std::make_unique<Connection>(*s, std::move(stream)));
    });
    if (!acceptor) return acceptor.error();
    server->acceptor_ = std::move(*acceptor);
    return server;
}

}  // namespace holdfast::sim
