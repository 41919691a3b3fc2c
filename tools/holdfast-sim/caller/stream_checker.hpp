// Reads what a server sends to Twilio and holds it against twilio.md 4.3: exactly the documented
// keys, the right streamSid, standard base64. Wrong messages are dropped, as Twilio drops them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::sim {

struct Violation {
    int code = 31951;  // Twilio's error number; 0 for a rule of ours that Twilio does not know
    std::string what;
};

struct ServerMessage {
    enum class Kind { invalid, media, mark, clear };
    Kind kind = Kind::invalid;
    std::string audio;  // of media, decoded
    std::string name;   // of a mark
};

class StreamChecker {
  public:
    explicit StreamChecker(std::string stream_sid) : stream_sid_(std::move(stream_sid)) {}
    ServerMessage read(std::string_view text);
    void note(int code, const std::string& what);  // a violation seen elsewhere
    const std::vector<Violation>& violations() const { return violations_; }
    std::size_t dropped() const { return dropped_; }

  private:
    std::string problem_of(std::string_view text, ServerMessage& message);

    std::string stream_sid_;
    std::vector<Violation> violations_;  // each kind of problem once
    std::size_t dropped_ = 0;
};

}  // namespace holdfast::sim
