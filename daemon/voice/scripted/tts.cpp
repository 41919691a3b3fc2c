#include "voice/scripted/tts.hpp"

#include "base/text.hpp"
#include "log/log.hpp"
#include "metrics/catalog.hpp"
#include "voice/scripted/api_error_codec.hpp"
#include "voice/scripted/tts_audio.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace holdfast::voice::scripted {
namespace {

using base::Condition;

constexpr log::Logger k_log{"voice"};
constexpr std::int64_t k_slots_sane_max = 1000;  // larger claims of a header are not believed

std::string_view header(const net::HttpAnswer& head, std::string_view wanted) {
    for (const auto& [name, value] : head.headers) {
        if (base::equal_ignoring_case(name, wanted)) return value;
    }
    return {};
}

TtsFailure failure(const char* code, Condition condition, int http_status = 0) {
    return TtsFailure{code, condition, http_status, false};
}

}  // namespace

TtsFailure judge_tts(int http, std::string_view status) {
    const auto is = [status](std::string_view word) { return status == word; };
    // Exhausted credits come as 401, of all things (5.2, "Quota trap").
    if (is("quota_exceeded") || is("max_character_limit_exceeded")) return failure("quota", Condition::fatal, http);
    if (is("voice_not_found")) return failure("voice", Condition::fatal, http);
    if (is("too_many_concurrent_requests")) return failure("busy", Condition::retry, http);
    if (is("system_busy")) return failure("server", Condition::retry, http);
    switch (http) {
        case 401: return failure("auth", Condition::fatal, http);
        case 403: return failure("plan", Condition::fatal, http);
        case 404: return failure("voice", Condition::fatal, http);
        case 409:
        case 425: return failure("server", Condition::retry, http);
        case 422: return failure("request", Condition::reject, http);
        case 429: return failure("server", Condition::retry, http);
        default: break;
    }
    if (http >= 500) return failure("server", Condition::retry, http);
    if (http >= 400) return failure(is("invalid_api_key") ? "auth" : "request", Condition::fatal, http);
    return failure("html", Condition::fall_back, http);  // a redirect: somebody else answers for the service
}

// One sentence, over at most two exchanges.
class Tts::Request final : public net::HttpStreamListener, public std::enable_shared_from_this<Request> {
  public:
    Request(Tts& tts, std::string_view text, Language language, TtsListener& listener)
        : tts_(tts), text_(text), language_(language), listener_(&listener), began_at_(tts.loop_.now()),
          slow_timer_(tts.loop_), first_timer_(tts.loop_), step_timer_(tts.loop_) {}
    ~Request() override { stop(); }

    void begin() {
        const auto me = weak_from_this();
        const auto with_me = [me](void (Request::*act)()) {
            return [me, act] {
                if (const auto self = me.lock()) (*self.*act)();
            };
        };
        if (!tts_.usable()) return fail_later(failure("breaker", Condition::fall_back));
        if (text_.empty() || text_.size() > k_tts_text_bytes_max) {
            return fail_later(failure("request", Condition::reject));
        }
        slow_timer_.arm(k_tts_slow, with_me(&Request::slow));
        first_timer_.arm(k_tts_first, with_me(&Request::no_first_byte));
        try_slot();
    }

    // A slot is free: true when it was wanted.
    bool slot_offered() {
        if (!waiting_) return false;
        waiting_ = false;
        step_timer_.cancel();
        holds_slot_ = true;
        send();
        return true;
    }

  private:
    void try_slot() {
        if (tts_.take_slot(shared_from_this())) {
            holds_slot_ = true;
            send();
            return;
        }
        waiting_ = true;
        step_timer_.arm_at(began_at_ + k_tts_slot_wait, [me = weak_from_this()] {
            if (const auto self = me.lock()) self->fail(failure("busy", Condition::retry));
        });
    }

    void send() {
        head_.reset();
        error_body_.clear();
        judge_ = MulawJudge();
        const bool substitute = tts_.voice_missing_ && !tts_.settings_.default_voice_id.empty();
        exchange_ = tts_.open_(tts_.call_for(text_, language_, substitute), *this);
    }

    void on_http_head(const net::HttpAnswer& head) override {
        head_ = head;
        tts_.learn(head);
        if (head.status != 200) return;
        if (const char* const type = refuse_type(header(head, "Content-Type"))) fail(bad_audio(type));
    }

    void on_http_body(std::string_view bytes) override {
        if (!head_) return;
        if (head_->status != 200) {
            error_body_ += bytes.substr(0, k_api_error_bytes_max - std::min(k_api_error_bytes_max, error_body_.size()));
            return;
        }
        if (judge_.bytes() + bytes.size() > speech_bytes_max(text_)) return fail(bad_audio("too_long"));
        const std::string base64 = judge_.take(bytes);
        if (judge_.refused() != nullptr) return fail(bad_audio(judge_.refused()));
        arm_stalled();
        give(base64);
    }

    void on_http_end(const base::Result<void>& result) override {
        const auto self = shared_from_this();
        exchange_.reset();
        if (head_ && head_->status != 200) return refused();
        if (!result) return broken(result.error());
        const std::string rest = judge_.finish();
        if (judge_.refused() != nullptr) return fail(bad_audio(judge_.refused()));
        if (judge_.bytes() == 0) return fail(failure("empty", Condition::retry, 200));
        if (judge_.bytes() < speech_bytes_min(text_)) {
            give(rest);
            return fail(truncated());
        }
        give(rest);
        if (listener_ == nullptr) return;
        TtsListener* const listener = listener_;
        tts_.went_well();
        stop();
        listener->on_tts_done(judge_.audio());
    }

    void give(std::string_view base64) {
        if (base64.empty() || listener_ == nullptr) return;
        if (!std::exchange(played_, true)) {
            slow_timer_.cancel();
            first_timer_.cancel();
            metrics::tts_first_byte_seconds.observe(
                std::chrono::duration<double>(tts_.loop_.now() - began_at_).count());
        }
        listener_->on_tts_audio(base64);
    }

    void arm_stalled() {
        const auto until = std::min(tts_.loop_.now() + k_tts_stalled, began_at_ + k_tts_total);
        step_timer_.arm_at(until, [me = weak_from_this()] {
            if (const auto self = me.lock()) self->fail(self->played_ ? self->truncated() : failure("timeout", Condition::retry));
        });
    }

    void slow() {
        if (listener_ != nullptr && !played_) listener_->on_tts_slow();
    }
    void no_first_byte() {
        if (!played_) fail(failure("slow", Condition::retry));
    }

    void refused() {
        const TtsFailure why = judge_tts(head_->status, api_error_status(error_body_));
        const std::string_view code = why.code;
        drop_slot();
        if (code == "voice" && !tts_.voice_missing_ && !tts_.settings_.default_voice_id.empty()) {
            tts_.voice_missing_ = true;  // E02: the default voice once
            k_log.error("the configured voice is unknown to ElevenLabs, using the default voice");
            return try_slot();
        }
        if (code == "busy") {
            tts_.too_many();
            if (!std::exchange(retried_, true)) return try_slot();
        } else if (why.condition == Condition::retry && !std::exchange(retried_, true)) {
            return try_slot();  // E04: one retry inside the budget
        }
        if (why.condition == Condition::fatal) tts_.break_off();
        fail(why);
    }

    void broken(const base::Error& error) {
        const std::string_view code = error.code;
        if (played_) return fail(truncated());
        if (!std::exchange(retried_, true) && code != "timeout" && code != "protocol") {
            drop_slot();
            return try_slot();
        }
        fail(failure(code == "timeout" ? "timeout" : "network", Condition::retry));
    }

    TtsFailure bad_audio(const char* what) {
        metrics::tts_bad_audio_total.add();
        return failure(what, Condition::fall_back, 200);
    }
    TtsFailure truncated() {
        metrics::tts_truncated_total.add();
        return failure("cut", Condition::retry, 200);
    }

    void fail_later(const TtsFailure& why) {
        tts_.loop_.post([me = weak_from_this(), why] {
            if (const auto self = me.lock()) self->fail(why);
        });
    }

    void fail(TtsFailure why) {
        TtsListener* const listener = listener_;
        if (listener == nullptr) return;
        const auto self = shared_from_this();
        why.played = played_;
        stop();
        metrics::tts_failed_total.add(why.code);
        k_log.warning("speech could not be made", {{"code", why.code}, {"http_status", why.http_status},
                                                   {"played", why.played},
                                                   {"after_ms", base::to_ms(tts_.loop_.now() - began_at_)}});
        listener->on_tts_failed(why);
    }

    void drop_slot() {
        if (std::exchange(holds_slot_, false)) tts_.free_slot();
    }

    void stop() {
        listener_ = nullptr;
        waiting_ = false;
        for (base::Timer* timer : {&slow_timer_, &first_timer_, &step_timer_}) timer->cancel();
        if (exchange_) exchange_->cancel();
        exchange_.reset();
        drop_slot();
    }

    Tts& tts_;
    const std::string text_;
    const Language language_;
    TtsListener* listener_;  // null: over
    const base::TimePoint began_at_;
    base::Timer slow_timer_;
    base::Timer first_timer_;
    base::Timer step_timer_;  // waiting for a slot, then for the next byte
    std::shared_ptr<net::HttpStream> exchange_;
    std::optional<net::HttpAnswer> head_;
    std::string error_body_;
    MulawJudge judge_;
    bool holds_slot_ = false;
    bool waiting_ = false;
    bool retried_ = false;
    bool played_ = false;
};

Tts::Tts(base::Loop& loop, TtsSettings settings, Open open)
    : loop_(loop), settings_(std::move(settings)), open_(std::move(open)),
      slots_max_(std::max<std::size_t>(settings_.slots, 1)), slots_(slots_max_) {}

Tts::~Tts() = default;

std::shared_ptr<Tts::Request> Tts::speak(std::string_view text, Language language, TtsListener& listener) {
    auto request = std::make_shared<Request>(*this, text, language, listener);
    request->begin();
    return request;
}

bool Tts::take_slot(const std::shared_ptr<Request>& request) {
    if (running_ < slots_) {
        ++running_;
        return true;
    }
    if (waiting_.size() >= k_tts_waiting_max) waiting_.pop_front();  // it has waited in vain the longest
    waiting_.push_back(request);
    return false;
}

// Whoever waits the longest is next.
void Tts::free_slot() {
    --running_;
    while (running_ < slots_ && !waiting_.empty()) {
        const auto next = std::move(waiting_.front());
        waiting_.pop_front();
        const auto request = next.lock();
        if (!request) continue;
        ++running_;
        if (request->slot_offered()) return;
        --running_;
    }
}

// The plan's own limit, less one: another box may share it, and a rejected request costs more than a wait.
void Tts::learn(const net::HttpAnswer& head) {
    const auto most = base::parse_decimal(header(head, "maximum-concurrent-requests"));
    if (!most || *most < 1 || *most > k_slots_sane_max) return;
    const auto below = static_cast<std::size_t>(std::max<std::int64_t>(*most - 1, 1));
    slots_max_ = std::min(std::max<std::size_t>(settings_.slots, 1), below);
    slots_ = std::min(slots_, slots_max_);
}

void Tts::too_many() { slots_ = std::max<std::size_t>(std::min(slots_, running_), 1); }

net::HttpCall Tts::call_for(const std::string& text, Language language, bool default_voice) const {
    net::HttpCall call;
    call.method = "POST";
    call.url = settings_.url;
    // enable_logging stays out: zero retention is an enterprise plan's, and refused on every other.
    call.url.target = "/v1/text-to-speech/" + (default_voice ? settings_.default_voice_id : settings_.voice_id) +
                      "/stream?output_format=ulaw_8000";
    call.headers = {{"xi-api-key", settings_.key.reveal()},
                    {"Content-Type", "application/json"},
                    {"Accept", "*/*"}};
    call.body = R"({"text":")";
    base::append_json_escaped(call.body, text);
    call.body += R"(","model_id":")";
    base::append_json_escaped(call.body, settings_.model);
    call.body += '"';
    // Only these models take a language; the others refuse or ignore it.
    if (settings_.model.find("_v2_5") != std::string::npos) {
        call.body += R"(,"language_code":")";
        call.body += to_string(language);
        call.body += '"';
    }
    call.body += '}';
    call.tls = settings_.tls;
    call.timeout = k_tts_total;
    call.body_bytes_max = speech_bytes_max(text) + k_api_error_bytes_max;
    return call;
}

}  // namespace holdfast::voice::scripted
