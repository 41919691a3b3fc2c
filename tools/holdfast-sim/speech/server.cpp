#include "speech/server.hpp"

#include "base/text.hpp"
#include "base/timer.hpp"
#include "net/asio_loop.hpp"
#include "wire/ws.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace holdfast::sim {

using nlohmann::json;
using nlohmann::ordered_json;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t k_chunk_bytes = 1600;
constexpr int k_chunk_ms = 200;
constexpr std::size_t k_kept_requests = 1000;

const Headers k_json{{"Content-Type", "application/json"}};

std::string detail(const std::string& status, const std::string& message) {
    return json{{"detail", {{"status", status}, {"message", message}}}}.dump();
}

std::string chunk(std::string_view bytes) {
    std::array<char, 24> size{};
    const int n = std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
    return std::string(size.data(), static_cast<std::size_t>(n)) + std::string(bytes) + "\r\n";
}

struct Refusal {
    int status;
    std::string body;
};

// A JSON answer of the form that 5.2 knows for this refusal.
std::string refusal_body(int status, std::string code) {
    if (status == 422) {
        return json{{"detail", json::array({{{"loc", {"body", "text"}}, {"msg", "field required"}, {"type", "missing"}}})}}
            .dump();
    }
    if (code.empty()) {
        code = status == 401   ? "invalid_api_key"
               : status == 403 ? "only_for_creator+"
               : status == 404 ? "voice_not_found"
               : status == 429 ? "too_many_concurrent_requests"
                               : "server_error";
    }
    return detail(code, "Refused by the simulator.");
}

// "429/system_busy", "422"
Refusal refusal_of(const std::string& value) {
    const auto at = value.find('/');
    const auto status = base::parse_decimal(value.substr(0, at));
    const int number = status && *status >= 100 && *status <= 599 ? static_cast<int>(*status) : 503;
    return {number, refusal_body(number, at == std::string::npos ? "" : value.substr(at + 1))};
}

}  // namespace

const std::vector<FaultName>& speech_faults() {
    static const std::vector<FaultName> faults{
        {"tts-refuse", "=STATUS[/CODE]: answer so (401/quota_exceeded, 404, 422, 429/system_busy, ...)"},
        {"tts-slow", "=MS: first byte so late"},
        {"tts-hang", "no answer at all"},
        {"tts-cut", "=PERCENT of the audio (50), then the connection is lost"},
        {"tts-short", "=PERCENT of the audio (10), then a proper end"},
        {"tts-stall", "=PERCENT of the audio (50), then nothing"},
        {"tts-html", "200 with a web page"},
        {"tts-json", "200 with JSON under an audio type"},
        {"tts-mp3", "200 with MP3 instead of mu-law"},
        {"tts-empty", "200 with an empty body"},
        {"tts-reset", "the connection is reset at the request"},
        {"scribe-refuse", "=STATUS[/CODE]: refuse the upgrade"},
        {"accept-then-close", "accept, invalid_request, close"},
        {"scribe-no-start", "no session_started"},
        {"scribe-slow-start", "=MS: session_started so late"},
        {"scribe-format", "=FORMAT: session_started echoes it"},
        {"scribe-error", "=TYPE[@MS]: that error message (auth_error, transcriber_error, ...)"},
        {"scribe-close", "=CODE[@MS]: close"},
        {"scribe-reset", "[@MS]: reset the connection"},
        {"scribe-freeze", "[@MS]: half-open, no pongs"},
        {"scribe-deaf", "[@MS]: pings are answered, no words come"},
        {"scribe-no-commit", ":turn=N: partials, but no commit"},
    };
    return faults;
}

// One accepted connection: an HTTP request, or the upgrade to a Scribe session.
class SpeechServer::Connection final : public StreamHandler, public WsHandler, public ScribeWire {
  public:
    Connection(SpeechServer& server, StreamPtr stream)
        : server_(server), stream_(std::move(stream)), timer_(server.loop_) {
        stream_->set_handler(this);
    }
    ~Connection() override {
        done_speaking();
        if (socket_) socket_->set_handler(nullptr);
        if (stream_) stream_->set_handler(nullptr);
    }
    void fault_added(const Fault& fault) {
        if (session_) session_->fault_added(fault);
    }

    void on_bytes(std::string_view bytes) override {
        if (routed_) return;
        const auto state = request_.feed(bytes);
        if (state == HttpReader::State::bad) return answer(400, detail("bad_request", request_.problem()));
        if (state != HttpReader::State::done) return;
        routed_ = true;
        route();
    }
    void on_end(const std::string&) override { server_.remove(this); }

    void on_ws_text(std::string_view text) override {
        if (session_) session_->on_text(text);
    }
    void on_ws_binary(std::size_t) override { record_->note_wrong("binary frame"); }
    void on_ws_violation(std::uint16_t code, const std::string& what) override {
        record_->note_wrong("websocket " + std::to_string(code) + ": " + what);
    }
    void on_ws_end(const WsEnd& end) override {
        record_->close_code = end.code;
        say("closed", {{"session", record_->number}, {"code", end.code}},
            "closed    session " + std::to_string(record_->number));
        server_.remove(this);
    }

    void send(std::string_view text) override { socket_->send_text(text); }
    void close(std::uint16_t code, std::string_view reason) override { socket_->close(code, reason); }
    void reset() override { socket_->reset(); }
    void freeze() override { socket_->freeze(); }

  private:
    void say(const char* event, const json& fields, const std::string& sentence) {
        server_.events_.emit(event, fields, sentence);
    }

    void answer(int status, const std::string& body, Headers headers = k_json) {
        headers.emplace_back("Connection", "close");
        stream_->write(format_response(status, headers, body));
        stream_->close();
    }

    void wrong(const std::string& what) {
        if (server_.wrong_.size() < 200) server_.wrong_.push_back(what);
    }

    void route() {
        const HttpMessage& request = request_.message();
        const std::string path = request.target.substr(0, request.target.find('?'));
        constexpr std::string_view k_tts = "/v1/text-to-speech/";
        const bool key_good = !request.header("xi-api-key").empty() &&
                              (server_.options_.key.empty() || request.header("xi-api-key") == server_.options_.key);
        if (path == "/v1/speech-to-text/realtime") return scribe(request, key_good);
        if (!key_good) {
            wrong("missing or wrong xi-api-key");
            return answer(401, detail("invalid_api_key", "Invalid API key"));
        }
        if (request.method == "GET" && path == "/v1/models") {
            return answer(200, json::array({{{"model_id", "eleven_flash_v2_5"}, {"can_do_text_to_speech", true}}}).dump());
        }
        if (request.method == "GET" && path == "/v1/user/subscription") {
            return answer(200, json{{"tier", "pro"}, {"character_count", 0}, {"character_limit", 500'000}, {"status", "active"}}
                                   .dump());
        }
        if (request.method != "POST" || path.compare(0, k_tts.size(), k_tts) != 0) {
            wrong("unknown path " + path);
            return answer(404, detail("not_found", "Not found"));
        }
        std::string voice = path.substr(k_tts.size());
        const auto slash = voice.find('/');
        const bool streamed = slash != std::string::npos && voice.substr(slash) == "/stream";
        voice.resize(std::min(slash, voice.size()));
        speech(request, voice, streamed);
    }

    // --- text to speech ---

    const Fault* fault(const char* name) const { return server_.options_.faults.find(name, 0, number_); }

    void speech(const HttpMessage& request, const std::string& voice, bool streamed) {
        number_ = ++server_.requests_count_;
        const json body = json::parse(request.body, nullptr, false);
        const std::string text = body.is_object() ? body.value("text", "") : "";
        ordered_json record{{"request", number_}, {"voice", voice}, {"characters", text.size()}, {"text", text},
                            {"model", body.is_object() ? body.value("model_id", "") : ""}};
        if (server_.requests_.size() < k_kept_requests) server_.requests_.push_back(record);
        say("speech", {{"request", number_}, {"voice", voice}, {"characters", text.size()}},
            "speech    " + std::to_string(text.size()) + " characters");
        if (const Fault* f = fault("tts-refuse")) {
            const Refusal refusal = refusal_of(f->value);
            return answer(refusal.status, refusal.body);
        }
        if (fault("tts-reset") != nullptr) return stream_->reset();
        if (text.empty()) {
            wrong("no text");
            return answer(422, refusal_body(422, ""));
        }
        const auto& voices = server_.options_.voices;
        if (!voices.empty() && std::find(voices.begin(), voices.end(), voice) == voices.end()) {
            return answer(404, refusal_body(404, "voice_not_found"));
        }
        if (request.target.find("output_format=ulaw_8000") == std::string::npos) {
            wrong("output_format is not ulaw_8000");
            return answer(400, detail("invalid_output_format", "The simulator speaks ulaw_8000 only"));
        }
        if (server_.speaking_ >= server_.options_.concurrency) {
            return answer(429, refusal_body(429, "too_many_concurrent_requests"));
        }
        ++server_.speaking_;
        speaking_ = true;
        if (fault("tts-hang") != nullptr) return;
        prepare(text, streamed);
        const Fault* const slow = fault("tts-slow");
        timer_.arm(milliseconds(slow != nullptr ? slow->number(2000) : server_.options_.first_byte_ms),
                   [this] { first_byte(); });
    }

    // What will be sent: head, and the body in pieces.
    void prepare(const std::string& text, bool streamed) {
        audio_ = tone_for(text);
        if (server_.options_.espeak) {
            if (auto spoken = server_.speech_.say(text)) audio_ = std::move(*spoken);
        }
        std::string type = "audio/basic";
        if (fault("tts-html") != nullptr) {
            type = "text/html";
            audio_ = "<!doctype html><html><body>Log in to use this network.</body></html>";
        }
        if (fault("tts-json") != nullptr) {
            audio_ = R"({"detail":{"status":"something","message":"An answer that should have been speech."}})";
        }
        if (fault("tts-mp3") != nullptr) {
            const std::string header("\xff\xfb\x90\x44", 4);
            std::string frame = header + std::string(413, '\x11');
            audio_.clear();
            for (int i = 0; i < 20; ++i) audio_ += frame;
        }
        if (fault("tts-empty") != nullptr) audio_.clear();
        const auto share = [this](const Fault* f, int otherwise) {
            return audio_.size() * static_cast<std::size_t>(std::clamp(f->number(otherwise), 0, 100)) / 100;
        };
        if (const Fault* f = fault("tts-short")) audio_.resize(share(f, 10));
        end_at_ = audio_.size();
        if (const Fault* f = fault("tts-cut")) end_at_ = share(f, 50);
        if (const Fault* f = fault("tts-stall")) end_at_ = share(f, 50);
        chunked_ = streamed;
        head_ = "HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\nrequest-id: sim" + std::to_string(number_) +
                "\r\nx-character-count: " + std::to_string(text.size()) +
                "\r\ncurrent-concurrent-requests: " + std::to_string(server_.speaking_) +
                "\r\nmaximum-concurrent-requests: " + std::to_string(server_.options_.concurrency) + "\r\n" +
                (chunked_ ? "Transfer-Encoding: chunked" : "Content-Length: " + std::to_string(audio_.size())) +
                "\r\nConnection: close\r\n\r\n";
    }

    void first_byte() {
        stream_->write(head_);
        next_piece();
    }

    void next_piece() {
        const std::size_t size = std::min(k_chunk_bytes, end_at_ - sent_);
        const std::string_view piece = std::string_view(audio_).substr(sent_, size);
        if (size > 0) stream_->write(chunked_ ? chunk(piece) : std::string(piece));
        sent_ += size;
        if (sent_ < end_at_) {
            timer_.arm(milliseconds(k_chunk_ms / server_.options_.speed), [this] { next_piece(); });
            return;
        }
        if (fault("tts-stall") != nullptr) return;
        done_speaking();
        if (end_at_ == audio_.size() && chunked_) stream_->write("0\r\n\r\n");
        stream_->close();
    }

    void done_speaking() {
        if (std::exchange(speaking_, false)) --server_.speaking_;
    }

    // --- Scribe ---

    void scribe(const HttpMessage& request, bool key_good) {
        server_.sessions_.emplace_back();
        record_ = &server_.sessions_.back();
        record_->number = static_cast<int>(server_.sessions_.size());
        std::string problem;
        record_->query = parse_scribe_query(request.target, problem);
        const auto refuse = [this](int status, const std::string& body) {
            record_->http_status = status;
            answer(status, body);
        };
        if (const Fault* f = server_.options_.faults.find("scribe-refuse", 0, record_->number)) {
            const Refusal refusal = refusal_of(f->value);
            return refuse(refusal.status, refusal.body);
        }
        if (!key_good) {
            record_->note_wrong("missing or wrong xi-api-key");
            return refuse(403, detail("invalid_api_key", "Invalid API key"));
        }
        if (!base::equal_ignoring_case(request.header("Upgrade"), "websocket") ||
            request.header("Sec-WebSocket-Key").empty()) {
            record_->note_wrong("not a WebSocket upgrade");
            return refuse(400, detail("bad_request", "Expected a WebSocket upgrade"));
        }
        socket_ = WsPeer::accept(std::exchange(stream_, nullptr), request, request_.rest(), this);
        say("session", {{"session", record_->number}}, "listening session " + std::to_string(record_->number));
        ScribeWire& wire = *this;
        session_ = std::make_unique<ScribeSession>(server_.loop_, wire, server_.options_.script,
                                                   server_.options_.faults, server_.turn_, *record_);
        session_->open(problem);
    }

    SpeechServer& server_;
    StreamPtr stream_;  // until the upgrade
    HttpReader request_{HttpReader::Kind::request};
    bool routed_ = false;
    std::shared_ptr<WsPeer> socket_;
    std::unique_ptr<ScribeSession> session_;
    ScribeRecord* record_ = nullptr;
    int number_ = 0;
    bool speaking_ = false;
    bool chunked_ = false;
    std::string head_;
    std::string audio_;
    std::size_t sent_ = 0;
    std::size_t end_at_ = 0;
    base::Timer timer_;
};

SpeechServer::SpeechServer(net::AsioLoop& loop, SpeechOptions options, EventLog& events)
    : loop_(loop), options_(std::move(options)), events_(events), speech_(options_.voice) {}

SpeechServer::~SpeechServer() = default;

base::Result<std::unique_ptr<SpeechServer>> SpeechServer::open(net::AsioLoop& loop, SpeechOptions options,
                                                               EventLog& events) {
    std::unique_ptr<SpeechServer> server(new SpeechServer(loop, std::move(options), events));
    SpeechServer* s = server.get();
    auto acceptor = Acceptor::open(loop, s->options_.address, s->options_.port, s->options_.tls, [s](StreamPtr stream) {
        s->connections_.push_back(std::make_unique<Connection>(*s, std::move(stream)));
    });
    if (!acceptor) return acceptor.error();
    s->acceptor_ = std::move(*acceptor);
    if (s->options_.control_port >= 0) {
        auto control = open_control(loop, static_cast<std::uint16_t>(s->options_.control_port),
                                    {speech_faults(), [s] { return s->report(); },
                                     [s](Fault fault) { s->add_fault(std::move(fault)); },
                                     [s] { s->clear_faults(); }});
        if (!control) return control.error();
        s->control_ = std::move(*control);
    }
    return server;
}

void SpeechServer::remove(Connection* connection) {
    connections_.remove_if([connection](const auto& c) { return c.get() == connection; });
}

void SpeechServer::add_fault(Fault fault) {
    options_.faults.add(fault);
    for (const auto& connection : connections_) connection->fault_added(fault);
}

bool SpeechServer::client_was_right() const {
    return wrong_.empty() &&
           std::all_of(sessions_.begin(), sessions_.end(), [](const ScribeRecord& r) { return r.wrong.empty(); });
}

ordered_json SpeechServer::report() const {
    ordered_json sessions = ordered_json::array();
    for (const ScribeRecord& record : sessions_) sessions.push_back(record.report());
    return {{"client_was_right", client_was_right()},
            {"open", connections_.size()},
            {"wrong", wrong_},
            {"speech", requests_},
            {"sessions", sessions}};
}

}  // namespace holdfast::sim
