// A further stream that a fault opens beside the call's own: it says connected and start, listens,
// and remembers how it was shown out.
#pragma once

#include "caller/media_stream.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <string>

namespace holdfast::sim {

class SideStream final : private WsHandler {
  public:
    SideStream(net::AsioLoop& loop, const CallOptions& options, StreamIdentity identity,
               std::string why, std::function<void()> on_end)
        : why_(std::move(why)),
          on_end_(std::move(on_end)),
          stream_(loop, options, std::move(identity), this) {}
    ~SideStream() override { stream_.socket().set_handler(nullptr); }

    void close() { stream_.socket().close(1000, ""); }
    bool ended() const { return ended_; }
    nlohmann::ordered_json report() const {
        return {{"why", why_},
                {"upgraded", upgraded_},
                {"http_status", http_status_},
                {"messages_received", messages_},
                {"ended", ended_},
                {"close_code", end_.code},
                {"close_reason", end_.reason},
                {"closed_by_us", end_.by_us}};
    }

  private:
    void on_ws_open() override {
        upgraded_ = true;
        stream_.send_connected();
        stream_.send_start();
    }
    void on_ws_refused(const HttpMessage& answer) override { http_status_ = answer.status; }
    void on_ws_text(std::string_view) override { ++messages_; }
    void on_ws_binary(std::size_t) override { ++messages_; }
    void on_ws_violation(std::uint16_t, const std::string&) override {}
    void on_ws_end(const WsEnd& end) override {
        ended_ = true;
        end_ = end;
        on_end_();
    }

    std::string why_;
    std::function<void()> on_end_;
    bool upgraded_ = false;
    bool ended_ = false;
    int http_status_ = 0;
    std::uint64_t messages_ = 0;
    WsEnd end_;
    MediaStream stream_;
};

}  // namespace holdfast::sim
