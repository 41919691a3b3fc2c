// Twilio's REST interface to one live call: who is rung on its behalf, and other TwiML for it. Loop thread.
#pragma once

#include "caller/options.hpp"
#include "twiml_reader.hpp"
#include "wire/http_server.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace holdfast::sim {

// What the interface sees of the call and does to it.
struct LiveCall {
    std::function<bool()> in_progress;
    std::function<int()> children;  // of <Dial>
    std::function<void(XmlElement response)> redirect;
};

class RestServer {
  public:
    static base::Result<std::unique_ptr<RestServer>> open(net::AsioLoop& loop, const CallOptions& options,
                                                          std::string call_sid, LiveCall call);
    std::uint16_t port() const { return server_->port(); }
    const nlohmann::ordered_json& requests() const { return requests_; }  // what was asked, and the answers' status

  private:
    RestServer(const CallOptions& options, std::string call_sid, LiveCall call);
    HttpReply answer(const HttpMessage& request);
    HttpReply judge(const HttpMessage& request);
    HttpReply list(std::string_view query) const;
    HttpReply update(const HttpMessage& request);

    const CallOptions& options_;
    const std::string call_sid_;
    const LiveCall call_;
    nlohmann::ordered_json requests_ = nlohmann::ordered_json::array();
    std::unique_ptr<HttpServer> server_;
};

}  // namespace holdfast::sim
