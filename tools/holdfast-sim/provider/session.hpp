// One realtime session: what the service does with client events, caller audio and its own answers
// (openai-realtime.md sections 4 to 9 and 11), and the faults it can be told to have. Knows no
// socket: the wire is given, time is the loop's. Loop thread.
#pragma once

#include "base/timer.hpp"
#include "faults.hpp"
#include "provider/api_error.hpp"
#include "provider/hearing.hpp"
#include "provider/record.hpp"
#include "provider/script.hpp"
#include "provider/session_config.hpp"
#include "provider/wire.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::sim {

const std::vector<FaultName>& provider_faults();

struct ProviderSettings {
    ProviderScript script;
    FaultSet faults;  // may change while running
    int session_life_s = 3600;
    double speed = 6;  // audio is generated so many times faster than it plays
    unsigned seed = 1;
};

// What people are told while it runs; may be empty.
using Narrator = std::function<void(const char* event, const nlohmann::json& fields,
                                    const std::string& sentence)>;

class Session {
  public:
    Session(base::Loop& loop, ProviderWire& wire, const ProviderSettings& settings,
            ConnectionRecord& record, Narrator narrator, Dialect dialect = Dialect::openai);
    ~Session();

    void open();
    void on_text(std::string_view text);
    void on_binary(std::size_t bytes);
    // A fault was switched on while the session runs.
    void fault_added(const Fault& fault);

  private:
    struct Part {  // one output item of a response
        std::string id;
        std::string text;
        std::string audio;    // in the session's output format
        std::string call_id;  // of a function call
        std::string name;
        std::string arguments;
        std::size_t sent = 0;   // bytes of audio
        std::size_t words = 0;  // bytes of text
        bool opened = false;
        bool closed = false;
        bool is_call() const { return !call_id.empty(); }
    };
    struct Response {
        std::string id;
        std::vector<Part> parts;
        std::size_t current = 0;
        int turn = 0;  // script turn it answers; 0: none
        bool out_of_band = false;
        bool stalled = false;
        nlohmann::json metadata;
        nlohmann::json modalities;
        std::unique_ptr<base::Timer> timer;
        std::size_t record = 0;  // index into the record's responses
    };
    struct Item {
        std::string type;
        std::string role;
        std::int64_t audio_ms = 0;  // of an assistant message: generated so far
        std::string transcript;
        nlohmann::json content;
    };

    // Client events.
    void dispatch(const nlohmann::json& event);
    void on_session_update(const nlohmann::json& event);
    void on_append(const nlohmann::json& event);
    void on_commit(const nlohmann::json& event);
    void on_clear(const nlohmann::json& event);
    void on_item_create(const nlohmann::json& event);
    void on_truncate(const nlohmann::json& event);
    void on_item_delete(const nlohmann::json& event);
    void on_item_retrieve(const nlohmann::json& event);
    void on_response_create(const nlohmann::json& event);
    void on_response_cancel(const nlohmann::json& event);
    bool check_members(const nlohmann::json& event, std::initializer_list<const char*> known);
    std::optional<ApiError> reject_update(const nlohmann::json& session) const;
    std::optional<ApiError> check_item(const nlohmann::json& item) const;

    // The caller's turn.
    void on_speech_started(std::int64_t at_ms);
    void on_speech_stopped(std::int64_t at_ms);
    void commit_turn();
    void schedule_transcript(const ProviderTurn& turn, const std::string& item);
    void send_transcript(const ProviderTurn& turn, const std::string& item, int number);
    void arm_idle_timeout(std::int64_t after_ms);

    // Answers.
    void begin_response(std::vector<Part> parts, int turn, int delay_ms,
                        const nlohmann::json& params);
    std::vector<Part> parts_of(const std::vector<Spoken>& spoken, const ProviderTurn* turn,
                               int number);
    void start_response(Response& response);
    void step(Response& response);
    void send_audio(Response& response, Part& part);
    void send_words(Response& response, Part& part, std::size_t up_to);
    void send_call(Response& response, Part& part);
    void open_part(Response& response, Part& part);
    void close_part(Response& response, Part& part, bool complete);
    void finish_response(Response& response, const std::string& status,
                         const nlohmann::json& details);
    void interrupt(Response& response, const char* reason);
    bool shape_response(
        Response& response);  // faults that make a response other than asked; true: handled
    nlohmann::json response_object(const Response& response, const std::string& status,
                                   const nlohmann::json& details) const;
    nlohmann::json part_object(const Part& part, const std::string& status) const;
    nlohmann::json usage_of(const Response& response) const;
    Response* active();
    void forget(const Response& response);

    // Faults.
    const Fault* fault(std::string_view name, int turn = 0) const;
    void arm_timed_faults(int turn);
    void arm_fault(const Fault& fault);
    void strike(const Fault& fault);
    void strike_events(const Fault& fault);
    void strike_bytes(const Fault& fault);
    void expire();

    // Wire.
    void send(nlohmann::ordered_json event);
    bool eleven() const { return dialect_ == Dialect::eleven; }
    nlohmann::json transcription() const;  // as it is in force; null: none
    bool running(const std::string& item) const;
    void fail(const ApiError& error, const nlohmann::json& cause);
    std::string new_id(const char* prefix);
    void after(std::int64_t ms, std::function<void()> fn);
    std::int64_t elapsed_ms() const { return base::to_ms(loop_.now() - opened_at_); }
    nlohmann::json last_item() const;
    unsigned random(unsigned below) {
        return below == 0 ? 0 : static_cast<unsigned>(random_() % below);
    }

    base::Loop& loop_;
    ProviderWire& wire_;
    const ProviderSettings& settings_;
    ConnectionRecord& record_;
    Narrator narrator_;
    const Dialect dialect_;
    std::mt19937 random_;
    base::TimePoint opened_at_;
    std::string conversation_id_;
    nlohmann::json session_;
    Hearing hearing_;
    bool created_sent_ = false;
    bool audio_sent_ = false;  // assistant audio: freezes the voice
    bool over_ = false;
    std::string user_item_;          // of the turn being heard
    std::int64_t committed_ms_ = 0;  // audio consumed by committed turns
    int turns_ = 0;                  // caller turns so far, replayed history included
    std::vector<std::string> order_;
    std::map<std::string, Item> items_;
    std::vector<std::unique_ptr<Response>> responses_;  // running ones
    bool tool_output_pending_ = false;
    int tool_turn_ = 0;
    base::Timer expiry_;
    base::Timer idle_;
    std::vector<std::unique_ptr<base::Timer>> timers_;
    std::uint64_t serial_ = 0;
};

}  // namespace holdfast::sim
