#include "load/load.hpp"

#include "base/random.hpp"
#include "caller/webhook.hpp"
#include "load/numbered.hpp"
#include "net/asio_loop.hpp"
#include "wire/ws.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <utility>

namespace holdfast::sim {

using nlohmann::json;
using nlohmann::ordered_json;

namespace {

constexpr base::milliseconds k_tick{1};
constexpr std::int64_t k_frames_per_second = 50;
constexpr std::int64_t k_quiet_start_ms = 2000;  // a box without a greeting
constexpr std::int64_t k_after_greeting_ms = 300;
constexpr std::int64_t k_tail_ms = 5000;  // for the last frames to come back
constexpr std::int64_t k_connect_ms = 20'000;
constexpr std::size_t k_errors_kept = 20;

void append_number(std::string& out, std::uint64_t n) {
    std::array<char, 24> buffer;
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), n).ptr;
    out.append(buffer.data(), end);
}

// The string after `key`, as in `"payload":"..."`; the whole message is trusted to be ours.
std::string_view member(std::string_view text, std::string_view key) {
    const std::size_t at = text.find(key);
    if (at == std::string_view::npos) return {};
    const std::size_t from = at + key.size();
    return text.substr(from, text.find('"', from) - from);
}

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

// One call of the load, in either protocol.
class LoadCall final : public WsHandler {
  public:
    LoadCall(Load& load, std::uint16_t number)
        : load_(load),
          number_(number),
          launched_(load.loop_.now()),
          call_sid_("CA" + base::random_hex(16)),
          stream_sid_("MZ" + base::random_hex(16)),
          webhook_(load.loop_, load.options_.call, call_sid_) {
        const auto frames = static_cast<std::size_t>(load_.options_.seconds * k_frames_per_second);
        sent_at_.resize(frames);
        seen_.resize(frames);
        if (load_.options_.direct) {
            connect_provider();
            return;
        }
        webhook_.post(load_.options_.call.webhook, "ringing", {},
                      [this](TwimlAnswer answer) { on_twiml(std::move(answer)); });
    }
    ~LoadCall() override {
        if (socket_) socket_->set_handler(nullptr);
    }

    // Once every 20 ms.
    void slot(base::TimePoint now) {
        if (over_) return;
        return_marks(now);
        if (state_ == State::connecting && now - launched_ > base::milliseconds(k_connect_ms))
            return fail("connecting took too long");
        if (state_ == State::greeting && greeting_over(now)) state_ = State::streaming;
        if (state_ == State::streaming) send_frame();
        if (state_ == State::draining &&
            (received_ == next_ || now - last_sent_ > base::milliseconds(k_tail_ms)))
            end();
    }

    void end() {
        if (over_) return;
        account();
        if (socket_ && socket_->open()) {
            if (!load_.options_.direct) {
                socket_->send_text(
                    R"({"event":"stop","sequenceNumber":")" + std::to_string(++sequence_) +
                    R"(","streamSid":")" + stream_sid_ + R"(","stop":{"accountSid":")" +
                    load_.options_.call.account_sid + R"(","callSid":")" + call_sid_ + "\"}}");
            }
            socket_->close(1000, "");
        }
    }

    void on_ws_open() override {
        if (load_.options_.direct) return;
        socket_->send_text(R"({"event":"connected","protocol":"Call","version":"1.0.0"})");
        const json start{{"accountSid", load_.options_.call.account_sid},
                         {"streamSid", stream_sid_},
                         {"callSid", call_sid_},
                         {"tracks", {"inbound"}},
                         {"customParameters", parameters_},
                         {"mediaFormat",
                          {{"encoding", "audio/x-mulaw"}, {"sampleRate", 8000}, {"channels", 1}}}};
        socket_->send_text(R"({"event":"start","sequenceNumber":"1","start":)" + start.dump() +
                           R"(,"streamSid":")" + stream_sid_ + "\"}");
        sequence_ = 1;
        begin(State::greeting);
    }

    void on_ws_text(std::string_view text) override {
        if (load_.options_.direct) return on_provider_event(text);
        const std::string_view payload = member(text, "\"payload\":\"");
        if (!payload.empty()) return on_audio(payload);
        if (text.find("\"mark\"") == std::string_view::npos) return;
        marks_.emplace_back(std::max(load_.loop_.now(), played_at_), member(text, "\"name\":\""));
    }
    void on_ws_refused(const HttpMessage& answer) override { refused_ = answer.status; }
    void on_ws_binary(std::size_t) override {}
    void on_ws_violation(std::uint16_t, const std::string& what) override { fail(what); }
    void on_ws_end(const WsEnd& end) override {
        if (!over_)
            fail("the stream ended: " + end.why + ", code " + std::to_string(end.code) +
                 ", status " + std::to_string(refused_));
        load_.call_over();
    }

  private:
    enum class State { connecting, greeting, streaming, draining };

    void on_twiml(TwimlAnswer answer) {
        if (!answer.error_code.empty()) {
            fail("webhook " + answer.error_code + " " + answer.detail);
            return load_.call_over();
        }
        std::string url;
        for (const auto& verb : answer.twiml.children) {
            if (verb.name != "Connect") continue;
            url = verb.children.front().attribute_or("url", "");
            for (const auto& p : verb.children.front().children)
                parameters_[p.attribute_or("name", "")] = p.attribute_or("value", "");
        }
        const auto parsed = net::parse_url(url);
        if (!parsed) {
            fail("the TwiML has no stream (over the limit?)");
            return load_.call_over();
        }
        WsConnect connect;
        connect.url = *parsed;
        connect.headers = {{"User-Agent", "Twilio.TmeWs/1.0"},
                           {"X-Twilio-Signature",
                            signature_for(load_.options_.call, SignedFor::upgrade, url, {})}};
        connect.tls = load_.options_.call.tls;
        connect.route = load_.options_.call.route;
        socket_ = WsPeer::connect(load_.loop_, std::move(connect), this);
    }

    void connect_provider() {
        WsConnect connect;
        connect.url = load_.options_.provider;
        connect.headers = {{"Authorization", "Bearer " + load_.options_.key}};
        connect.tls = load_.options_.call.tls;
        socket_ = WsPeer::connect(load_.loop_, std::move(connect), this);
    }

    void begin(State state) {
        state_ = state;
        began_ = load_.loop_.now();
    }

    bool greeting_over(base::TimePoint now) const {
        const std::int64_t foreign_ms = static_cast<std::int64_t>(finder_.foreign_bytes()) / 8;
        const std::int64_t since_start = base::to_ms(now - began_);
        if (foreign_ms == 0) return since_start > k_quiet_start_ms;
        // As long as it plays the box holds our echo behind it.
        return base::to_ms(now - first_audio_) > foreign_ms + k_after_greeting_ms;
    }

    void on_provider_event(std::string_view text) {
        const std::string_view head = text.substr(0, 64);
        if (head.find("response.output_audio.delta\"") != std::string_view::npos)
            return on_audio(member(text, "\"delta\":\""));
        const json event = json::parse(text, nullptr, false);
        const std::string type = event.is_object() ? event.value("type", "") : "";
        if (type == "session.created") {
            socket_->send_text(
                R"({"type":"session.update","event_id":"cfg","session":{"type":"realtime","audio":{"input":{"format":{"type":"audio/pcmu"},"turn_detection":null},"output":{"format":{"type":"audio/pcmu"},"voice":"alloy"}}}})");
        } else if (type == "session.updated") {
            begin(State::streaming);
        } else if (type == "error") {
            fail("the provider refused: " + event.dump());
        }
    }

    // When what stands before them has been played: a box takes marks that come at once for a line without length, and every
    // later one for a queue on it.
    void return_marks(base::TimePoint now) {
        for (; !marks_.empty() && marks_.front().first <= now && socket_->open(); marks_.pop_front()) {
            scratch_ = R"({"event":"mark","sequenceNumber":")";
            append_number(scratch_, ++sequence_);
            scratch_ += R"(","streamSid":")" + stream_sid_ + R"(","mark":{"name":")" + marks_.front().second + "\"}}";
            socket_->send_text(scratch_);
        }
    }

    void send_frame() {
        const FrameNumber number{number_, static_cast<std::uint32_t>(next_)};
        scratch_.clear();
        if (load_.options_.direct) {
            scratch_ += R"({"type":"input_audio_buffer.append","audio":")";
            append_numbered_frame(scratch_, number);
            scratch_ += "\"}";
        } else {
            scratch_ += R"({"event":"media","sequenceNumber":")";
            append_number(scratch_, ++sequence_);
            scratch_ += R"(","media":{"track":"inbound","chunk":")";
            append_number(scratch_, next_ + 1);
            scratch_ += R"(","timestamp":")";
            append_number(scratch_, (next_ + 1) * 20);
            scratch_ += R"(","payload":")";
            append_numbered_frame(scratch_, number);
            scratch_ += R"("},"streamSid":")";
            scratch_ += stream_sid_;
            scratch_ += "\"}";
        }
        last_sent_ = load_.loop_.now();
        sent_at_[next_++] = last_sent_;
        socket_->send_text(scratch_);
        if (next_ == sent_at_.size()) state_ = State::draining;
    }

    void on_audio(std::string_view base64) {
        const auto now = load_.loop_.now();
        if (first_audio_ == base::TimePoint{}) first_audio_ = now;
        played_at_ = std::max(now, played_at_) + base::milliseconds(base64.size() * 3 / 4 / 8);
        finder_.read(base64, [&](const FrameNumber& n) { on_frame(n, now); });
    }

    void on_frame(const FrameNumber& n, base::TimePoint now) {
        LoadTotals& totals = load_.totals_;
        if (n.call != number_ || n.sequence >= next_) {
            ++totals.strange;
            return;
        }
        if (seen_[n.sequence]) {
            ++totals.duplicated;
            return;
        }
        seen_[n.sequence] = true;
        ++received_;
        if (n.sequence < highest_) ++totals.reordered;
        highest_ = std::max(highest_, n.sequence);
        if (n.sequence * 20 < static_cast<std::uint32_t>(load_.options_.warm_up_ms)) return;
        const auto trip =
            std::chrono::duration_cast<std::chrono::microseconds>(now - sent_at_[n.sequence])
                .count();
        totals.round_trips_us.push_back(static_cast<std::uint32_t>(trip));
        if (!load_.options_.keep_times) return;
        totals.sent_us.push_back(
            std::chrono::duration_cast<std::chrono::microseconds>(sent_at_[n.sequence].time_since_epoch()).count());
    }

    void account() {
        if (over_) return;
        over_ = true;
        LoadTotals& totals = load_.totals_;
        totals.sent += next_;
        totals.received += received_;
        totals.lost += next_ - received_;
        totals.foreign_bytes += finder_.foreign_bytes();
    }

    void fail(const std::string& why) {
        if (over_) return;
        account();
        ++load_.totals_.failed;
        if (load_.totals_.errors.size() < k_errors_kept)
            load_.totals_.errors.push_back("call " + std::to_string(number_) + ": " + why);
        if (socket_) socket_->reset();
    }

    Load& load_;
    std::uint16_t number_;
    base::TimePoint launched_;
    base::TimePoint began_{};
    base::TimePoint first_audio_{};
    base::TimePoint last_sent_{};
    base::TimePoint played_at_{};  // all that came
    std::deque<std::pair<base::TimePoint, std::string>> marks_;  // and when each is due
    std::string call_sid_;
    std::string stream_sid_;
    Webhook webhook_;
    json parameters_ = json::object();
    std::shared_ptr<WsPeer> socket_;
    State state_ = State::connecting;
    FrameFinder finder_;
    std::vector<base::TimePoint> sent_at_;
    std::vector<bool> seen_;
    std::string scratch_;
    std::uint64_t sequence_ = 0;
    std::size_t next_ = 0;
    std::size_t received_ = 0;
    std::uint32_t highest_ = 0;
    int refused_ = 0;
    bool over_ = false;
};

Load::Load(net::AsioLoop& loop, LoadOptions options, EventLog& events, std::function<void()> done)
    : loop_(loop),
      options_(std::move(options)),
      events_(events),
      done_(std::move(done)),
      timer_(loop) {}

Load::~Load() = default;

void Load::start() {
    started_at_ = loop_.now();
    const auto trips =
        static_cast<std::size_t>(options_.calls) * static_cast<std::size_t>(options_.seconds) * 50;
    totals_.round_trips_us.reserve(trips);
    timer_.arm_at(started_at_ + k_tick, [this] { tick(); });
}

void Load::tick() {
    const auto now = loop_.now();
    worst_tick_us_ = std::max<std::int64_t>(worst_tick_us_,
                                            std::chrono::duration_cast<std::chrono::microseconds>(
                                                now - (started_at_ + (ticks_ + 1) * k_tick))
                                                .count());
    launch_due(now);
    // Late ticks are made up for: no call loses a frame because we were slow.
    for (; started_at_ + (ticks_ + 1) * k_tick <= now; ++ticks_) {
        for (LoadCall* call : slots_[static_cast<std::size_t>(ticks_) % k_slots])
            call->slot(loop_.now());
    }
    timer_.arm_at(started_at_ + (ticks_ + 1) * k_tick, [this] { tick(); });
}

void Load::launch_due(base::TimePoint now) {
    const double seconds = std::chrono::duration<double>(now - started_at_).count();
    const int due =
        stopped_ ? 0 : std::min(options_.calls, 1 + static_cast<int>(seconds * options_.rate));
    for (; totals_.started < due; ++totals_.started) {
        const auto number = static_cast<std::uint16_t>(totals_.started);
        calls_.push_back(std::make_unique<LoadCall>(*this, number));
        slots_[number % k_slots].push_back(calls_.back().get());
    }
}

void Load::call_over() {
    ++over_;
    const bool all = stopped_ ? over_ == totals_.started : over_ == options_.calls;
    if (events_.form() == EventLog::Form::people && (over_ % 50 == 0 || all)) {
        events_.emit(
            "progress", {{"over", over_}},
            std::to_string(over_) + " of " + std::to_string(options_.calls) + " calls are over");
    }
    if (!all || !done_) return;
    timer_.cancel();
    loop_.post(std::exchange(done_, nullptr));
}

void Load::stop() {
    stopped_ = true;
    for (const auto& call : calls_) call->end();
}

bool Load::good() const {
    return totals_.failed == 0 && totals_.started == options_.calls && totals_.lost == 0 &&
           totals_.duplicated == 0 && totals_.reordered == 0 && totals_.strange == 0 &&
           totals_.sent > 0;
}

std::string Load::frame_times() const {
    std::string text;
    for (std::size_t i = 0; i < totals_.sent_us.size(); ++i)
        text += std::to_string(totals_.sent_us[i]) + "," + std::to_string(totals_.round_trips_us[i]) + "\n";
    return text;
}

ordered_json Load::report() const {
    auto trips = totals_.round_trips_us;
    std::sort(trips.begin(), trips.end());
    const auto at = [&](double share) -> std::uint32_t {
        if (trips.empty()) return 0;
        return trips[std::min(trips.size() - 1,
                              static_cast<std::size_t>(share * static_cast<double>(trips.size())))];
    };
    double sum = 0;
    for (const auto t : trips) sum += t;
    return {
        {"good", good()},
        {"mode", options_.direct ? "direct" : "daemon"},
        {"calls", options_.calls},
        {"started", totals_.started},
        {"failed", totals_.failed},
        {"seconds", options_.seconds},
        {"frames_sent", totals_.sent},
        {"frames_received", totals_.received},
        {"lost", totals_.lost},
        {"duplicated", totals_.duplicated},
        {"reordered", totals_.reordered},
        {"strange", totals_.strange},
        {"greeting_ms_per_call",
         totals_.started == 0 ? 0
                              : totals_.foreign_bytes / 8 / static_cast<unsigned>(totals_.started)},
        {"round_trip_us",
         {{"count", trips.size()},
          {"mean", trips.empty() ? 0.0 : sum / static_cast<double>(trips.size())},
          {"p50", at(0.5)},
          {"p90", at(0.9)},
          {"p99", at(0.99)},
          {"p999", at(0.999)},
          {"max", trips.empty() ? 0u : trips.back()}}},
        {"worst_tick_lateness_us", worst_tick_us_},
        {"cpu_s", cpu_seconds()},
        {"wall_s", std::chrono::duration<double>(loop_.now() - started_at_).count()},
        {"errors", totals_.errors}};
}

}  // namespace holdfast::sim
