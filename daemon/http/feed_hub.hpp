// The event feed: takes what calls publish (any thread), and sends it as JSON to every open
// /api/v1/events socket (admin loop). Nothing here can make a call wait: a full hand-over queue
// drops and counts, a slow reader loses its oldest events and is told how many.
#pragma once

#include "base/ids.hpp"
#include "base/loop.hpp"
#include "call/feed.hpp"
#include "net/ws.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::http {

class FeedHub : public call::FeedSink {
  public:
    // The loop is the admin thread's and outlives every thread that publishes.
    FeedHub(base::Loop& loop, std::string_view version, std::string_view site_id);
    ~FeedHub() override;  // admin loop; drops the clients

    // Any thread, never waits. Wakes the admin loop once for any number of waiting events.
    void publish(call::FeedEvent event) override;

    // --- admin loop ---
    static net::WsLimits socket_limits();
    bool full() const;  // limits::feed_clients_max sockets are open
    // Greets the reader and sends it what happens from now on: of one call, or of all.
    void add(std::shared_ptr<net::WsConnection> socket, std::optional<base::CallSid> only);
    std::size_t clients() const;
    void close_all();  // 1001, when the daemon stops

  private:
    struct Core;
    std::shared_ptr<Core> core_;  // posted work holds it weakly
};

// One event as its JSON document; members without a value are left out.
std::string to_json(const call::FeedEvent& event);

}  // namespace holdfast::http
