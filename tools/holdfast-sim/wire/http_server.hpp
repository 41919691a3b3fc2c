// A server of small requests: one a connection, answered at once, then the connection ends. Loop thread.
#pragma once

#include "wire/http.hpp"

#include <functional>
#include <list>
#include <memory>
#include <string>

namespace holdfast::sim {

struct HttpReply {
    int status = 200;
    std::string body;
    std::string content_type = "text/plain";
    Headers headers;
};

class HttpServer {
  public:
    using Answer = std::function<HttpReply(const HttpMessage&)>;
    static base::Result<std::unique_ptr<HttpServer>> open(net::AsioLoop& loop, const std::string& address,
                                                          std::uint16_t port, Answer answer);
    ~HttpServer();
    std::uint16_t port() const { return acceptor_->port(); }

  private:
    class Connection;
    explicit HttpServer(Answer answer);

    Answer answer_;
    std::unique_ptr<Acceptor> acceptor_;
    std::list<std::unique_ptr<Connection>> connections_;
};

}  // namespace holdfast::sim
