// One Scribe session (elevenlabs.md 4.1): audio in, transcripts out, in the order of the script. Turns
// are found in the audio itself; time is appended audio, except for faults. Knows no socket.
#pragma once

#include "audio/level.hpp"
#include "base/loop.hpp"
#include "base/timer.hpp"
#include "faults.hpp"
#include "speech/script.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::sim {

// What a session may do to its socket.
class ScribeWire {
  public:
    virtual ~ScribeWire() = default;
    virtual void send(std::string_view text) = 0;
    virtual void close(std::uint16_t code, std::string_view reason) = 0;
    virtual void reset() = 0;
    virtual void freeze() = 0;  // says nothing any more, answers no ping
};

struct ScribeQuery {
    std::string model, audio_format = "pcm_16000", commit_strategy = "manual";
    std::int64_t silence_ms = 1500;
    bool timestamps = false;
};
// From the request's target; what is wrong goes to `problem` (the service accepts, then refuses).
ScribeQuery parse_scribe_query(std::string_view target, std::string& problem);

struct ScribeRecord {
    int number = 0;
    int http_status = 101;
    ScribeQuery query;
    std::uint64_t chunks = 0;
    std::int64_t heard_ms = 0;
    nlohmann::ordered_json transcripts = nlohmann::ordered_json::array();
    nlohmann::ordered_json faults = nlohmann::ordered_json::array();
    std::vector<std::string> wrong;
    int close_code = 0;
    void note_wrong(const std::string& what) {
        if (wrong.size() < 100) wrong.push_back(what);
    }
    nlohmann::ordered_json report() const;
};

class ScribeSession {
  public:
    // `turn` is the service's: sessions of one call go on in the same script.
    ScribeSession(base::Loop& loop, ScribeWire& wire, const SpeechScript& script, const FaultSet& faults,
                  std::size_t& turn, ScribeRecord& record);
    void open(const std::string& problem);
    void on_text(std::string_view text);
    void fault_added(const Fault& fault);

  private:
    void started();
    void hear(std::string_view mulaw);
    void frame(std::string_view mulaw);
    void commit(const char* why);
    void strike(const Fault& fault);
    bool struck(const char* name, int turn = 0) const { return faults_.has(name, turn, record_.number); }
    void error(const std::string& type);

    ScribeWire& wire_;
    const SpeechScript& script_;
    const FaultSet& faults_;
    std::size_t& turn_;
    ScribeRecord& record_;
    bool open_ = false;
    bool quiet_ = false;  // fault "deaf": pings are answered, words are not
    audio::SpeechDetector detector_;
    std::string rest_;    // less than a frame
    bool speech_ = false;  // in the segment
    std::int64_t quiet_ms_ = 0;
    std::int64_t speech_ms_ = 0;
    std::size_t partial_words_ = 0;
    base::Timer open_timer_;
    base::Timer fault_timer_;
};

}  // namespace holdfast::sim
