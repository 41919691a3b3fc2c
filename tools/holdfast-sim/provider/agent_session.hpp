// One conversation on the ElevenAgents socket (elevenlabs.md section 2): an agent whose formats are
// mu-law and whose overrides are enabled. Refuses what the contract does not know, as the service does:
// an error message, then the close. Knows no socket: the wire is given, time is the loop's. Loop thread.
#pragma once

#include "base/timer.hpp"
#include "provider/hearing.hpp"
#include "provider/record.hpp"
#include "provider/session.hpp"
#include "provider/wire.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::sim {

class AgentSession {
  public:
    AgentSession(base::Loop& loop, ProviderWire& wire, const ProviderSettings& settings,
                 ConnectionRecord& record, Narrator narrator);

    void open();
    void on_text(std::string_view text);
    void on_binary(std::size_t bytes);
    void fault_added(const Fault& fault);

  private:
    void on_initiation(const nlohmann::json& message);
    void on_audio(const nlohmann::json& message);
    void on_message(const std::string& type, const nlohmann::json& message);
    void on_speech_started();
    void on_speech_stopped();
    void on_user_turn();
    void on_tool_result(const nlohmann::json& message);
    bool has_members(const nlohmann::json& message, std::initializer_list<const char*> known);

    void answer(const std::vector<Spoken>& spoken, int turn, int delay_ms);
    void begin_answer(const Spoken& spoken, int turn);
    void step();
    void call_tool(const std::string& name, const std::string& arguments);
    void ping();
    bool playing() const { return loop_.now() < playing_until_; }

    const Fault* fault(std::string_view name, int turn = 0) const;
    void arm_timed_faults(int turn);
    void strike(const Fault& fault);

    void send(const char* type, const char* member, nlohmann::ordered_json body);
    void wrong(const std::string& what);  // note it, tell the client, close 1008
    void end(int code, const std::string& error_type, const std::string& message);
    void after(std::int64_t ms, std::function<void()> fn);
    std::int64_t elapsed_ms() const { return base::to_ms(loop_.now() - opened_at_); }

    base::Loop& loop_;
    ProviderWire& wire_;
    const ProviderSettings& settings_;
    ConnectionRecord& record_;
    Narrator narrator_;
    base::TimePoint opened_at_;
    Hearing hearing_;
    bool over_ = false;
    int turns_ = 0;
    int events_ = 0;  // rising event ids
    int pending_pong_ = -1;
    std::int64_t scored_ms_ = 0;  // audio the last voice score stood for

    std::string text_;   // of the running answer
    std::string audio_;
    std::size_t sent_ = 0;
    int answering_ = 0;  // turn; 0: none or the first message
    bool speaking_ = false;  // generates audio
    base::TimePoint playing_until_;
    std::string tool_call_;  // waits for its result
    std::vector<Spoken> queue_;
    base::Timer step_timer_;
    base::Timer ping_timer_;
    base::Timer input_timer_;
    base::Timer duration_timer_;
    std::vector<std::unique_ptr<base::Timer>> timers_;
};

}  // namespace holdfast::sim
