#include "provider/server.hpp"

#include "base/base64.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "net/asio_loop.hpp"
#include "provider/agent_session.hpp"
#include "provider/echo.hpp"
#include "provider/files.hpp"
#include "wire/ws.hpp"

#include <algorithm>

namespace holdfast::sim {

using nlohmann::json;
using nlohmann::ordered_json;

namespace {

std::string query_value(std::string_view target, std::string_view name) {
    std::size_t at = target.find('?');
    while (at != std::string_view::npos && at < target.size()) {
        const std::string_view rest = target.substr(at + 1);
        const std::string_view pair = rest.substr(0, rest.find('&'));
        if (pair.substr(0, name.size()) == name && pair.size() > name.size() &&
            pair[name.size()] == '=') {
            return std::string(pair.substr(name.size() + 1));
        }
        at = target.find('&', at + 1);
    }
    return {};
}

std::string error_body(const std::string& code, const std::string& message,
                       const std::string& param = {}) {
    return json{{"error",
                 {{"message", message},
                  {"type", "invalid_request_error"},
                  {"param", param.empty() ? json() : json(param)},
                  {"code", code}}}}
        .dump();
}

struct Refusal {
    int status;
    std::string body;
    Headers headers;
};

// "429/insufficient_quota/5": status, code, Retry-After.
Refusal refusal_of(const std::string& value) {
    const std::size_t first = value.find('/');
    const std::size_t second = first == std::string::npos ? first : value.find('/', first + 1);
    Refusal refusal{503, "", {{"Content-Type", "application/json"}}};
    if (const auto status = base::parse_decimal(value.substr(0, first)))
        refusal.status = static_cast<int>(*status);
    std::string code =
        first == std::string::npos
            ? ""
            : value.substr(first + 1, second == std::string::npos ? second : second - first - 1);
    if (code.empty()) {
        code = refusal.status == 401   ? "invalid_api_key"
               : refusal.status == 429 ? "rate_limit_exceeded"
               : refusal.status == 404 ? "model_not_found"
                                       : "server_error";
    }
    refusal.body = error_body(code, "Refused by the simulator.");
    if (second != std::string::npos)
        refusal.headers.emplace_back("Retry-After", value.substr(second + 1));
    return refusal;
}

}  // namespace

// One accepted connection: HTTP first, then a WebSocket with a session on it.
class ProviderServer::Connection final : public StreamHandler,
                                         public WsHandler,
                                         public ProviderWire {
  public:
    Connection(ProviderServer& server, StreamPtr stream)
        : server_(server), stream_(std::move(stream)), late_(server.loop_) {
        stream_->set_handler(this);
        number_ = server_.next_number_ + 1;
        if (faults().has("hang-connect", 0, number_)) stream_->pause_reading(true);
    }
    ~Connection() override {
        if (socket_) socket_->set_handler(nullptr);
        if (stream_) stream_->set_handler(nullptr);
    }
    void fault_added(const Fault& fault) {
        if (session_) session_->fault_added(fault);
        if (agent_) agent_->fault_added(fault);
    }

    // HTTP.
    void on_bytes(std::string_view bytes) override {
        const auto state = request_.feed(bytes);
        if (state == HttpReader::State::bad)
            return answer({400, error_body("bad_request", request_.problem()), {}});
        if (state == HttpReader::State::done) route();
    }
    void on_end(const std::string&) override { server_.remove(this); }

    // WebSocket.
    void on_ws_text(std::string_view text) override {
        if (echo_) return echo_->on_text(text);
        if (session_) session_->on_text(text);
        if (agent_) agent_->on_text(text);
    }
    void on_ws_binary(std::size_t bytes) override {
        if (session_) session_->on_binary(bytes);
        if (agent_) agent_->on_binary(bytes);
    }
    void on_ws_violation(std::uint16_t code, const std::string& what) override {
        record_->note_wrong("websocket " + std::to_string(code) + ": " + what);
    }
    void on_ws_end(const WsEnd& end) override {
        record_->pings = socket_->pings();
        record_->closed_at_ms = server_now();
        record_->close = {{"code", end.code},
                          {"reason", end.reason},
                          {"by_client", !end.by_us},
                          {"clean", end.clean},
                          {"why", end.why}};
        say("closed", {{"code", end.code}, {"by_client", !end.by_us}},
            "closed    by the " + std::string(end.by_us ? "provider" : "client") + ", code " +
                std::to_string(end.code));
        server_.remove(this);
    }

    // What the session may do.
    void send(std::string_view text) override { socket_->send_text(text); }
    void send_frame(const FrameShape& shape, std::string_view payload) override {
        socket_->send_frame(shape, payload);
    }
    void close(std::uint16_t code, std::string_view reason) override {
        socket_->close(code, reason);
    }
    void reset() override { socket_->reset(); }
    void freeze() override { socket_->freeze(); }
    void answer_pings(bool answer) override { socket_->answer_pings(answer); }

  private:
    const FaultSet& faults() const { return server_.options_.settings.faults; }
    std::int64_t server_now() const {
        return base::to_ms(server_.loop_.now() - server_.started_at_);
    }

    void say(const char* event, json fields, const std::string& sentence) {
        fields["connection"] = number_;
        const std::string which =
            server_.next_number_ > 1 ? "[" + std::to_string(number_) + "] " : "";
        server_.events_.emit(event, fields, sentence.empty() ? "" : which + sentence);
    }

    void answer(const Refusal& refusal) {
        Headers headers = refusal.headers;
        headers.emplace_back("Connection", "close");
        stream_->write(format_response(refusal.status, headers, refusal.body));
        stream_->close();
    }

    void refuse(const Refusal& refusal) {
        record_->http_status = refusal.status;
        say("refused", {{"status", refusal.status}},
            "refused   with " + std::to_string(refusal.status));
        answer(refusal);
    }

    void route() {
        const HttpMessage& request = request_.message();
        const std::string_view path =
            std::string_view(request.target).substr(0, request.target.find('?'));
        if (path == "/v1/audio/transcriptions") return transcribe(request);
        if (path.substr(0, 10) == "/v1/models") return list_models(path);
        if (path == "/v1/convai/realtime/client_secrets") return give_secret(request);
        if (path == "/v1/convai/conversation/get-signed-url") return give_signed_url(request);
        if (path.substr(0, 17) == "/v1/convai/agents") return serve_agents(request, path);
        eleven_ = path == "/v1/convai/realtime";
        agents_ = path == "/v1/convai/conversation";
        number_ = ++server_.next_number_;
        server_.records_.emplace_back();
        record_ = &server_.records_.back();
        record_->number = number_;
        record_->model = query_value(request.target, "model");
        record_->opened_at_ms = server_now();
        say("connection", {{"model", record_->model}}, "connected model " + record_->model);
        if (faults().has("hang-upgrade", 0, number_)) return;
        if (const Fault* f = faults().find("refuse", 0, number_))
            return refuse(refusal_of(f->value));
        if (const Fault* f = faults().find("captive-portal", 0, number_)) {
            const bool moved = f->number(200) == 302;
            return refuse({moved ? 302 : 200,
                           "<html><body>Please accept the terms of this network.</body></html>",
                           moved ? Headers{{"Location", "http://portal.invalid/"},
                                           {"Content-Type", "text/html"}}
                                 : Headers{{"Content-Type", "text/html"}}});
        }
        if (const auto refusal = judge(request, path)) return refuse(*refusal);
        accept(request);
    }

    std::optional<Refusal> judge(const HttpMessage& request, std::string_view path) {
        const Headers json_type{{"Content-Type", "application/json"}};
        if (path != "/v1/realtime" && !eleven_ && !agents_) {
            record_->note_wrong("unknown path");
            return Refusal{404, error_body("not_found", "Invalid URL"), json_type};
        }
        const std::string_view key = request.header("Authorization");
        if (eleven_ || agents_) {
            if (!key.empty() || !request.header("xi-api-key").empty())
                record_->note_wrong("a key beside the client secret");
        } else if (key.substr(0, 7) != "Bearer " || key.size() < 8 ||
            (!server_.options_.key.empty() && key.substr(7) != server_.options_.key)) {
            record_->note_wrong("missing or wrong Authorization");
            return Refusal{401, error_body("invalid_api_key", "Incorrect API key provided."),
                           json_type};
        }
        if (agents_) {
            record_->model = query_value(request.target, "agent_id");
            if (server_.secrets_.erase(query_value(request.target, "conversation_signature")) == 0) {
                record_->note_wrong("a URL that was not signed, or used before");
                return Refusal{403, detail_body("invalid_signature"), json_type};
            }
        }
        if (record_->model.empty()) {
            record_->note_wrong("no model in the query");
            return Refusal{
                400,
                error_body("missing_required_parameter", "You must provide a model parameter."),
                json_type};
        }
        if (!base::equal_ignoring_case(request.header("Upgrade"), "websocket") ||
            request.header("Sec-WebSocket-Key").empty() ||
            request.header("Sec-WebSocket-Version") != "13") {
            record_->note_wrong("not a WebSocket upgrade");
            return Refusal{400, error_body("bad_request", "Expected a WebSocket upgrade."),
                           json_type};
        }
        if (!request.header("Sec-WebSocket-Extensions").empty())
            record_->note_wrong("offers WebSocket extensions");
        return std::nullopt;
    }

    void accept(const HttpMessage& request) {
        const bool named = eleven_ && !faults().has("no-subprotocol", 0, number_);
        socket_ = WsPeer::accept(std::exchange(stream_, nullptr), request, request_.rest(), this,
                                 named ? "realtime" : "");
        if (eleven_) return accept_eleven(request);
        if (agents_) {
            agent_ = std::make_unique<AgentSession>(server_.loop_, *this, server_.options_.settings, *record_,
                                                    narrator());
            return agent_->open();
        }
        if (!request.header("OpenAI-Beta").empty()) {
            record_->note_wrong("sends the OpenAI-Beta header");
            send(json{{"type", "error"},
                      {"event_id", "event_beta"},
                      {"error",
                       {{"type", "invalid_request_error"},
                        {"code", "beta_api_shape_disabled"},
                        {"message",
                         "The Realtime Beta API is no longer supported. Please use /v1/realtime "
                         "for the GA API."},
                        {"param", nullptr},
                        {"event_id", nullptr}}}}
                     .dump());
            return close(4000, "invalid_request_error.beta_api_shape_disabled");
        }
        const auto& settings = server_.options_.settings;
        if (server_.options_.echo) {
            echo_ = std::make_unique<EchoSession>(
                *this, *record_, server_.loop_.utc_ms() / 1000 + settings.session_life_s);
            return echo_->open();
        }
        begin(Dialect::openai);
    }

    void begin(Dialect dialect) {
        session_ = std::make_unique<Session>(
            server_.loop_, *this, server_.options_.settings, *record_, narrator(), dialect);
        session_->open();
    }

    Narrator narrator() {
        return [this](const char* event, const json& fields, const std::string& sentence) {
            say(event, fields, sentence);
        };
    }

    // --- ElevenLabs (elevenlabs.md 1.2, 1.3) ---

    void accept_eleven(const HttpMessage& request) {
        const std::string_view offered = request.header("Sec-WebSocket-Protocol");
        constexpr std::string_view k_prefix = "realtime, openai-insecure-api-key.";
        const bool shaped = offered.substr(0, k_prefix.size()) == k_prefix;
        const std::string secret(shaped ? offered.substr(k_prefix.size()) : std::string_view());
        if (faults().has("not-enabled", 0, number_)) return close(4003, "");
        if (server_.secrets_.erase(secret) == 0) {
            record_->note_wrong(shaped ? "a client secret that was not minted, or used before"
                                       : "not the two subprotocols of Eleven Realtime");
            return close(4001, "");
        }
        if (faults().has("bad-secret", 0, number_)) return close(4001, "");
        begin(Dialect::eleven);
    }

    static std::string detail_body(const std::string& status) {
        return json{{"detail", {{"status", status}, {"message", "Refused by the simulator."}}}}.dump();
    }

    // A ticket over HTTP, unless a fault says otherwise.
    void give_ticket(const char* kind, const HttpMessage& request, json good, const std::string& wrong) {
        const Headers type{{"Content-Type", "application/json"}};
        Refusal reply{200, good.dump(), type};
        const std::string key(request.header("xi-api-key"));
        const int next = server_.next_number_ + 1;  // the connection it is for
        const Fault* refuse = faults().find("mint-refuse", 0, next);
        if (key.empty() || (!server_.options_.key.empty() && key != server_.options_.key)) {
            reply = {401, detail_body("invalid_api_key"), type};
        } else if (refuse != nullptr) {
            const auto slash = refuse->value.find('/');
            const auto status = base::parse_decimal(refuse->value.substr(0, slash));
            reply = {status ? static_cast<int>(*status) : 500,
                     slash == std::string::npos ? "" : detail_body(refuse->value.substr(slash + 1)), type};
        } else if (!wrong.empty()) {
            server_.ticket_wrongs_.push_back(std::string(kind) + ": " + wrong);
            reply = {422, json{{"detail", json::array({{{"msg", wrong}}})}}.dump(), type};
        } else if (faults().has("mint-garbage", 0, next)) {
            reply.body = R"({"surprise":true})";
        }
        server_.tickets_.push_back({{"kind", kind}, {"status", reply.status}, {"at_ms", server_now()}});
        say("ticket", {{"kind", kind}, {"status", reply.status}},
            "ticket    " + std::string(kind) + ", " + std::to_string(reply.status));
        const Fault* slow = faults().find("mint-slow", 0, next);
        if (slow == nullptr) return answer(reply);
        if (slow->value.empty()) return;
        late_.arm(base::milliseconds(slow->number(0)), [this, reply] { answer(reply); });
    }

    void give_signed_url(const HttpMessage& request) {
        const std::string agent = query_value(request.target, "agent_id");
        const std::string url = std::string(server_.options_.tls ? "wss://" : "ws://") +
                                std::string(request.header("Host")) + "/v1/convai/conversation?agent_id=" + agent +
                                "&conversation_signature=" + server_.mint();
        give_ticket("signed_url", request, {{"signed_url", url}}, agent.empty() ? "no agent_id" : "");
    }

    // The agents of the workspace, for `holdfastctl elevenlabs agent`.
    void serve_agents(const HttpMessage& request, std::string_view path) {
        if (request.method == "POST" && path == "/v1/convai/agents/create") {
            json body = json::parse(request.body, nullptr, false);
            const bool good = body.is_object() && body.contains("conversation_config");
            const std::string id = "agent_sim" + std::to_string(server_.agents_.size() + 1);
            if (good) server_.agents_[id] = body;
            return give_ticket("agent", request, {{"agent_id", id}}, good ? "" : "no conversation_config");
        }
        const std::string id(path.substr(std::min<std::size_t>(path.size(), 18)));
        const auto found = server_.agents_.find(id);
        if (request.method != "GET" || found == server_.agents_.end())
            return answer({404, detail_body("agent_not_found"), {{"Content-Type", "application/json"}}});
        json shown = found->second;
        shown["agent_id"] = id;
        give_ticket("agent", request, shown, "");
    }

    void give_secret(const HttpMessage& request) {
        const json body = json::parse(request.body, nullptr, false);
        std::string wrong;
        if (request.method != "POST" || !body.is_object()) {
            wrong = "not a POST of a JSON object";
        } else if (const auto error = check_eleven_mint(body.value("session", json()))) {
            wrong = error->code + " " + error->param;
        } else if (body.contains("expires_after") &&
                   body["expires_after"].value("anchor", "") != "created_at") {
            wrong = "expires_after without its anchor";
        }
        give_ticket("client_secret", request,
                    {{"value", server_.mint()}, {"expires_at", server_.loop_.utc_ms() / 1000 + 600}}, wrong);
    }

    // A file; `conn` of its faults counts these requests alone.
    void transcribe(const HttpMessage& request) {
        const int number = static_cast<int>(server_.files_.size()) + 1;
        const HeardFile heard = hear_file(request, server_.options_.key);
        const Headers type{{"Content-Type", "application/json"}};
        Refusal reply{200, "", type};
        if (heard.status != 200) {
            reply = {heard.status, error_body(heard.code, heard.message, heard.param), type};
            server_.file_wrongs_.push_back(std::to_string(heard.status) + " " + heard.code + " " + heard.param);
        } else if (const Fault* refuse = faults().find("file-refuse", 0, number)) {
            reply = refusal_of(refuse->value);
        } else if (faults().has("file-garbage", 0, number)) {
            reply.body = "<html>Everything is fine.</html>";
        } else {
            const bool words = heard.turns > 0 && !faults().has("file-empty", 0, number);
            const std::string text = words ? server_.options_.settings.script.file(server_.files_with_sound_++) : "";
            reply.body = json{{"text", text},
                              {"usage", {{"type", "duration"}, {"seconds", (heard.audio_ms + 999) / 1000}}}}
                             .dump();
        }
        server_.files_.push_back({{"request", number}, {"status", reply.status}, {"model", heard.model},
                                  {"bytes", heard.file_bytes}, {"audio_ms", heard.audio_ms},
                                  {"turns", heard.turns}, {"at_ms", server_now()}});
        say("file", {{"request", number}, {"status", reply.status}, {"audio_ms", heard.audio_ms}},
            "file      " + std::to_string(heard.audio_ms) + " ms, " + std::to_string(reply.status));
        if (faults().has("file-close", 0, number)) return stream_->close();
        const Fault* slow = faults().find("file-slow", 0, number);
        if (slow == nullptr) return answer(reply);
        if (slow->value.empty()) return;
        late_.arm(base::milliseconds(slow->number(0)), [this, reply] { answer(reply); });
    }

    void list_models(std::string_view path) {
        const json model{{"id", "gpt-realtime-2.1"},
                         {"object", "model"},
                         {"created", 1790000000},
                         {"owned_by", "openai"},
                         {"shutdown_date", nullptr}};
        const json body =
            path == "/v1/models" ? json{{"object", "list"}, {"data", json::array({model})}} : model;
        answer({200, body.dump(), {{"Content-Type", "application/json"}}});
    }

    ProviderServer& server_;
    StreamPtr stream_;  // until the upgrade
    HttpReader request_{HttpReader::Kind::request, k_upload_bytes_max};
    std::shared_ptr<WsPeer> socket_;
    std::unique_ptr<Session> session_;
    std::unique_ptr<EchoSession> echo_;
    ConnectionRecord* record_ = nullptr;
    std::unique_ptr<AgentSession> agent_;
    bool eleven_ = false;
    bool agents_ = false;
    base::Timer late_;
    int number_ = 0;
};

ProviderServer::ProviderServer(net::AsioLoop& loop, ProviderOptions options, EventLog& events)
    : loop_(loop), options_(std::move(options)), events_(events), started_at_(loop.now()) {}

ProviderServer::~ProviderServer() = default;

base::Result<std::unique_ptr<ProviderServer>> ProviderServer::open(net::AsioLoop& loop,
                                                                   ProviderOptions options,
                                                                   EventLog& events) {
    std::unique_ptr<ProviderServer> server(new ProviderServer(loop, std::move(options), events));
    ProviderServer* s = server.get();
    auto acceptor = Acceptor::open(
        loop, s->options_.address, s->options_.port, s->options_.tls, [s](StreamPtr stream) {
            s->connections_.push_back(std::make_unique<Connection>(*s, std::move(stream)));
        });
    if (!acceptor) return acceptor.error();
    s->acceptor_ = std::move(*acceptor);
    if (s->options_.control_port >= 0) {
        auto control = open_control(loop, static_cast<std::uint16_t>(s->options_.control_port),
                                    {provider_faults(), [s] { return s->report(); },
                                     [s](Fault fault) { s->add_fault(std::move(fault)); },
                                     [s] { s->clear_faults(); }});
        if (!control) return control.error();
        s->control_ = std::move(*control);
    }
    return server;
}

std::string ProviderServer::mint() {
    const std::string secret = "ek_" + base::hex_encode(base::random_bytes(16));
    secrets_.insert(secret);
    return secret;
}

void ProviderServer::remove(Connection* connection) {
    connections_.remove_if([connection](const auto& c) { return c.get() == connection; });
}

void ProviderServer::add_fault(Fault fault) {
    options_.settings.faults.add(fault);
    for (const auto& connection : connections_) connection->fault_added(fault);
}

bool ProviderServer::client_was_right() const {
    return ticket_wrongs_.empty() && file_wrongs_.empty() &&
           std::all_of(records_.begin(), records_.end(),
                       [](const ConnectionRecord& r) { return r.wrong.empty(); });
}

ordered_json ProviderServer::report() const {
    ordered_json connections = ordered_json::array();
    for (const ConnectionRecord& record : records_) connections.push_back(record.report());
    return {{"client_was_right", client_was_right()},
            {"open", connections_.size()},
            {"tickets", tickets_},
            {"ticket_wrongs", ticket_wrongs_},
            {"files", files_},
            {"file_wrongs", file_wrongs_},
            {"connections", connections}};
}

}  // namespace holdfast::sim
