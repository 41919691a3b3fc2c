// What the admin routes see, in memory: a journal whose answers wait until a test gives them,
// sockets that remember what was sent, and a status that a test can edit.
#pragma once

#include "http/admin.hpp"
#include "support/fake_loop.hpp"
#include "support/silent_journal.hpp"

#include <nlohmann/json.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::test {

inline constexpr char k_call_a[] = "CA0000000000000000000000000000000a";
inline constexpr char k_call_b[] = "CA0000000000000000000000000000000b";

class WaitingJournal : public SilentJournal {
  public:
    bool append(store::Record record, store::Ack ack) override {
        if (full) return false;
        records.push_back(std::move(record));
        if (ack && answers_at_once) {
            ack(committed);
        } else if (ack) {
            acks.push_back(std::move(ack));
        }
        return true;
    }
    // Says of every row that waits for it what became of it.
    void commit() {
        for (auto& ack : std::exchange(acks, {})) ack(committed);
    }
    void read_calls(store::ReadCalls query,
                    std::function<void(base::Result<store::CallList>)> done) override {
        queries.push_back(query);
        answer_later([this, done = std::move(done)] { done(list); });
    }
    void read_call(store::CallSid call,
                   std::function<void(base::Result<store::CallDetail>)> done) override {
        asked = call;
        answer_later([this, done = std::move(done)] { done(detail); });
    }

    // Gives every answer that waits, as the store thread would.
    void answer() {
        while (!waiting.empty()) {
            auto next = std::move(waiting.front());
            waiting.pop_front();
            next();
        }
    }
    std::vector<store::Audit> audits() const {
        std::vector<store::Audit> out;
        for (const auto& record : records) {
            if (const auto* row = std::get_if<store::Audit>(&record)) out.push_back(*row);
        }
        return out;
    }

    bool answers_at_once = false;
    bool full = false;
    store::Committed committed{true, false, 1};
    std::vector<store::Ack> acks;
    base::Result<store::CallList> list = store::CallList{};
    base::Result<store::CallDetail> detail = store::CallDetail{};
    std::vector<store::ReadCalls> queries;
    std::optional<store::CallSid> asked;
    std::vector<store::Record> records;
    std::deque<std::function<void()>> waiting;

  private:
    void answer_later(std::function<void()> give) {
        waiting.push_back(std::move(give));
        if (answers_at_once) answer();
    }
};

// A reader's socket. `stuck` bytes are never taken, as with a browser that stopped reading.
class FakeSocket : public net::WsConnection {
  public:
    explicit FakeSocket(const base::Loop& loop) : loop_(loop) {}
    void set_listener(net::WsListener* l) override { listener = l; }
    bool send_text(std::string_view text, net::SendKind kind) override {
        if (!is_open) return false;
        if (!reads && kind == net::SendKind::droppable) {
            queued += text.size();
            pending.emplace_back(text);
            while (queued > limits.droppable_bytes_max) {
                queued -= pending.front().size();
                pending.pop_front();
                ++dropped;
            }
            return true;
        }
        sent.emplace_back(text);
        return true;
    }
    void send_ping() override { ++pings; }
    void close(std::uint16_t code, std::string_view) override { closed_with = code; }
    void abort() override { aborted = true; }
    bool open() const override { return is_open; }
    std::size_t queued_bytes() const override { return queued; }
    std::uint64_t dropped_messages() const override { return dropped; }
    base::TimePoint blocked_since() const override { return loop_.now(); }
    std::string peer_address() const override { return "127.0.0.1"; }

    void read_again() {
        reads = true;
        for (auto& text : pending) sent.push_back(std::move(text));
        pending.clear();
        queued = 0;
    }
    void gone() {
        is_open = false;
        if (listener != nullptr) listener->on_ws_closed(net::WsClose{});
    }
    std::vector<nlohmann::json> documents() const {
        std::vector<nlohmann::json> out;
        for (const auto& text : sent) out.push_back(nlohmann::json::parse(text));
        return out;
    }
    std::vector<std::string> kinds() const {
        std::vector<std::string> out;
        for (const auto& document : documents()) out.push_back(document.at("kind"));
        return out;
    }

    net::WsListener* listener = nullptr;
    net::WsLimits limits = http::FeedHub::socket_limits();
    bool is_open = true, reads = true, aborted = false;
    int pings = 0;
    std::uint16_t closed_with = 0;
    std::size_t queued = 0;
    std::uint64_t dropped = 0;
    std::vector<std::string> sent;
    std::deque<std::string> pending;

  private:
    const base::Loop& loop_;
};

inline base::CallSid sid(std::string_view text = k_call_a) {
    return *base::CallSid::parse(text);
}

inline call::FeedEvent feed_event(std::string_view kind, std::string_view call = k_call_a) {
    call::FeedEvent event;
    event.kind.assign(kind);
    event.call = sid(call);
    event.utc_ms = FakeLoop::k_epoch_utc_ms;
    event.offset_ms = 1200;
    return event;
}

inline http::DaemonStatus good_status() {
    http::DaemonStatus status;
    status.version = "0.1.0";
    status.site_id = "site-1";
    status.started_utc_ms = FakeLoop::k_epoch_utc_ms;
    status.calls_active = 1;
    status.calls_max = 50;
    status.store.generation = "g1";
    status.voice.provider = "openai";
    status.voice.configured = true;
    status.voice.state = "ok";
    http::RungStatus rung;
    rung.name = "openai";
    rung.configured = rung.usable = true;
    rung.state = "good";
    rung.reason = "ok";
    status.rungs.push_back(rung);
    status.prompts_loaded = 2;
    status.public_.address = "127.0.0.1";
    status.public_.port = 8443;
    http::decide_ready(status, FakeLoop::k_epoch_utc_ms);
    return status;
}

class AdminWorld {
  public:
    AdminWorld() : routes(make()) {}

    std::unique_ptr<http::AdminRoutes> make(http::AdminOptions options = {}) {
        return std::make_unique<http::AdminRoutes>(
            loop, journal, feed, [this] { return status; }, options);
    }

    static net::HttpRequest request(std::string_view target, std::string_view method = "GET") {
        net::HttpRequest request;
        request.method.assign(method);
        request.target.assign(target);
        request.headers = {{"Host", "127.0.0.1:8911"}};
        return request;
    }
    // The answer, or nothing while the journal is being asked.
    std::optional<net::HttpResponse> ask(const net::HttpRequest& asked) {
        auto answer = std::make_shared<std::optional<net::HttpResponse>>();
        routes->on_request(asked,
                           [answer](net::HttpResponse response) { *answer = std::move(response); });
        pending = answer;
        return *answer;
    }
    std::optional<net::HttpResponse> get(std::string_view target) { return ask(request(target)); }
    // As get(), with the journal answering at once.
    net::HttpResponse fetch(std::string_view target) {
        get(target);
        journal.answer();
        loop.run_posted();
        return pending->value();
    }
    net::UpgradeAnswer upgrade(std::string_view target, std::string_view origin = {}) {
        auto asked = request(target);
        asked.upgrade = true;
        if (!origin.empty()) asked.headers.emplace_back("Origin", std::string(origin));
        return routes->on_upgrade(asked);
    }
    std::shared_ptr<FakeSocket> reader(std::string_view target = "/api/v1/events") {
        auto answer = upgrade(target);
        auto socket = std::make_shared<FakeSocket>(loop);
        answer.opened(socket);
        return socket;
    }

    FakeLoop loop;
    WaitingJournal journal;
    http::DaemonStatus status = good_status();
    http::FeedHub feed{loop, "0.1.0", "site-1"};
    std::unique_ptr<http::AdminRoutes> routes;
    std::shared_ptr<std::optional<net::HttpResponse>> pending;
};

inline nlohmann::json body(const net::HttpResponse& response) {
    return nlohmann::json::parse(response.body);
}

inline std::string field(const net::HttpResponse& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
        if (key == name) return value;
    }
    return {};
}

}  // namespace holdfast::test
