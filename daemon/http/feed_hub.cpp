#include "http/feed_hub.hpp"

#include "base/bounded_queue.hpp"
#include "base/timer.hpp"
#include "config/limits.hpp"
#include "log/log.hpp"
#include "metrics/catalog.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <deque>
#include <map>
#include <utility>

namespace holdfast::http {
namespace {

constexpr log::Logger k_log{"http"};

constexpr std::size_t k_events_at_once = 256;  // about half of a reader's queue

std::string dump(const nlohmann::ordered_json& document) {
    // Stored words are not ours: what is not UTF-8 becomes U+FFFD instead of an exception, and all
    // that is not ASCII an escape, so that a document shown raw cannot drive a terminal.
    return document.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
}

nlohmann::ordered_json envelope(std::string_view kind) {
    return {{"v", 1}, {"kind", kind}};
}

// One reader. Its socket delivers to it; it goes when the socket has closed.
class Client : public net::WsListener {
  public:
    class Owner {
      public:
        virtual ~Owner() = default;
        virtual void on_client_closed(std::uint64_t id) = 0;
    };

    Client(Owner& owner, std::uint64_t id, base::Loop& loop,
           std::shared_ptr<net::WsConnection> socket, std::optional<base::CallSid> only)
        : owner_(owner),
          id_(id),
          loop_(loop),
          socket_(std::move(socket)),
          only_(std::move(only)),
          heard_at_(loop.now()) {
        socket_->set_listener(this);
    }

    ~Client() override {
        if (!closed_) socket_->set_listener(nullptr);
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void greet(const std::string& hello) { socket_->send_text(hello); }

    void send(const base::CallSid& call, const std::string& document) {
        if (only_ && *only_ != call) return;
        tell_missed();
        if (!socket_->send_text(document, net::SendKind::droppable) && socket_->open())
            missed_more(1);
        const auto dropped = socket_->dropped_messages();
        missed_more(dropped - std::exchange(dropped_seen_, dropped));
    }

    // Events that never reached this reader.
    void missed_more(std::uint64_t events) {
        missed_ += events;
        if (events != 0) metrics::feed_dropped_total.add(events);
    }
    void missed_in_hub(std::uint64_t events) { missed_ += events; }

    void check() {
        if (loop_.now() - heard_at_ > limits::feed_silence_max) return socket_->abort();
        inbound_ = 0;
        tell_missed();
        socket_->send_ping();
    }

    void close(std::uint16_t code, std::string_view reason) { socket_->close(code, reason); }

    void on_ws_text(std::string_view) override { heard(); }
    void on_ws_binary(std::size_t) override { heard(); }
    void on_ws_pong() override { heard_at_ = loop_.now(); }
    void on_ws_closed(const net::WsClose&) override {
        closed_ = true;
        owner_.on_client_closed(id_);
    }

  private:
    // The feed is one-way; a few words from a reader do no harm, a stream of them does.
    void heard() {
        heard_at_ = loop_.now();
        if (++inbound_ > limits::feed_inbound_messages_max)
            socket_->close(1008, "this feed is one-way");
    }

    // Once there is room again, so that the note itself is not what fills the queue.
    void tell_missed() {
        if (missed_ == 0 || socket_->queued_bytes() > limits::feed_client_bytes_max / 4) return;
        auto note = envelope("missed");
        note["count"] = missed_;
        if (socket_->send_text(dump(note))) missed_ = 0;
    }

    Owner& owner_;
    const std::uint64_t id_;
    base::Loop& loop_;
    const std::shared_ptr<net::WsConnection> socket_;
    const std::optional<base::CallSid> only_;
    base::TimePoint heard_at_;
    std::size_t inbound_ = 0;  // since the last check
    std::uint64_t missed_ = 0;
    std::uint64_t dropped_seen_ = 0;
    bool closed_ = false;
};

}  // namespace

std::string to_json(const call::FeedEvent& event) {
    auto document = envelope(event.kind);
    document["call"] = event.call.str();
    document["utc_ms"] = event.utc_ms;
    document["offset_ms"] = event.offset_ms;
    const auto put = [&document](const char* key, const std::string& value) {
        if (!value.empty()) document[key] = value;
    };
    put("rung", event.rung);
    put("detail", event.detail);
    put("speaker", event.speaker);
    put("text", event.text.reveal());
    const auto put_ms = [&document](const char* key, const std::optional<std::int64_t>& value) {
        if (value) document[key] = *value;
    };
    put_ms("played_ms", event.played_ms);
    put_ms("total_ms", event.total_ms);
    put_ms("response_ms", event.response_ms);
    return dump(document);
}

struct FeedHub::Core final : Client::Owner {
    Core(base::Loop& loop_in, std::string_view version, std::string_view site_id)
        : loop(loop_in), ping_timer(loop_in) {
        auto document = envelope("hello");
        document["version"] = version;
        document["site_id"] = site_id;
        hello = dump(document);
    }

    void wake(const std::weak_ptr<Core>& weak) {
        loop.post([weak] {
            if (const auto core = weak.lock()) core->deliver(weak);
        });
    }

    // A part at a time, so that after a burst the sockets can write before their queues overflow.
    // One run is under way as long as wake_pending is set.
    void deliver(const std::weak_ptr<Core>& weak) {
        if (batch.empty()) queue.drain(batch, std::chrono::seconds(0));
        const auto dropped = dropped_in_queue.exchange(0, std::memory_order_relaxed);
        for (auto& [id, client] : clients) client->missed_in_hub(dropped);
        for (std::size_t sent = 0; sent < k_events_at_once && !batch.empty(); ++sent) {
            const std::string document = clients.empty() ? std::string() : to_json(batch.front());
            for (auto& [id, client] : clients) client->send(batch.front().call, document);
            batch.pop_front();
        }
        if (batch.empty()) {
            wake_pending.store(false);
            if (queue.size() == 0 || wake_pending.exchange(true)) return;
        }
        wake(weak);
    }

    void arm_ping() {
        ping_timer.arm(limits::feed_ping, [this] {
            for (auto& [id, client] : clients) client->check();
            if (!clients.empty()) arm_ping();
        });
    }

    void on_client_closed(std::uint64_t id) override {
        const auto found = clients.find(id);
        if (found == clients.end()) return;
        // We stand inside the client, called from its socket: both go when the stack is unwound.
        loop.post([gone = std::move(found->second)] {});
        clients.erase(found);
        note_clients();
    }

    void note_clients() {
        listening.store(!clients.empty());
        metrics::feed_clients.set(static_cast<double>(clients.size()));
        if (clients.empty()) ping_timer.cancel();
    }

    base::Loop& loop;
    std::string hello;

    // any thread
    base::BoundedQueue<call::FeedEvent> queue{limits::feed_queue_events_max};
    std::atomic<bool> wake_pending{false};
    std::atomic<bool> listening{false};
    std::atomic<std::uint64_t> dropped_in_queue{0};

    // admin loop
    std::deque<call::FeedEvent> batch;
    base::Timer ping_timer;
    std::map<std::uint64_t, std::shared_ptr<Client>> clients;
    std::uint64_t next_id = 0;
};

FeedHub::FeedHub(base::Loop& loop, std::string_view version, std::string_view site_id)
    : core_(std::make_shared<Core>(loop, version, site_id)) {}

FeedHub::~FeedHub() {
    core_->clients.clear();
    core_->note_clients();
}

void FeedHub::publish(call::FeedEvent event) {
    if (!core_->listening.load(std::memory_order_relaxed)) return;
    if (!core_->queue.push(std::move(event))) {
        metrics::feed_dropped_total.add();
        core_->dropped_in_queue.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    if (core_->wake_pending.exchange(true)) return;
    core_->wake(core_);
}

net::WsLimits FeedHub::socket_limits() {
    net::WsLimits socket;
    socket.message_bytes_max = limits::feed_inbound_bytes_max;
    socket.droppable_bytes_max = limits::feed_client_bytes_max;
    // Room for the greeting, a note and one event beyond what may be dropped.
    socket.queue_bytes_max = limits::feed_client_bytes_max + limits::feed_client_bytes_max / 2;
    return socket;
}

bool FeedHub::full() const {
    return core_->clients.size() >= limits::feed_clients_max;
}

void FeedHub::add(std::shared_ptr<net::WsConnection> socket, std::optional<base::CallSid> only) {
    if (full()) {  // several upgrades were answered at the same time
        socket->close(1013, "too many readers");
        return socket->set_listener(nullptr);
    }
    const auto id = ++core_->next_id;
    auto client =
        std::make_shared<Client>(*core_, id, core_->loop, std::move(socket), std::move(only));
    client->greet(core_->hello);
    core_->clients.emplace(id, std::move(client));
    core_->note_clients();
    if (core_->clients.size() == 1) core_->arm_ping();
    k_log.debug("feed reader connected", {{"clients", core_->clients.size()}});
}

std::size_t FeedHub::clients() const {
    return core_->clients.size();
}

void FeedHub::close_all() {
    for (auto& [id, client] : core_->clients) client->close(1001, "the daemon is stopping");
}

}  // namespace holdfast::http
