// The responses of one provider session and the audio items in them: which response runs, whose
// audio is no longer wanted, how much of each item was given to the call. Pure bookkeeping, bounded;
// Session decides what is sent (openai-realtime.md sections 7.4 and 8.2).
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace holdfast::voice::realtime {

struct AnswerItem {
    std::string id;
    std::string response;
    std::int64_t delivered_bytes = 0;  // of audio, given to the call
    std::int64_t dropped_bytes = 0;    // came after its response was discarded
    bool done = false;     // no more audio; the call knows
    bool cut = false;      // the caller spoke into it
    std::int64_t heard_ms = -1;  // when cut, if the provider is to be told later
    bool settled = false;  // the provider was told what was heard
    bool told = false;     // its words were given on
    std::string words;        // from deltas
    std::string final_words;  // from a done event; wins

    std::int64_t delivered_ms() const { return delivered_bytes / 8; }
    const std::string& text() const { return final_words.empty() ? words : final_words; }
};

class Answers {
  public:
    enum class Phase { none, requested, active };
    Phase phase() const { return phase_; }
    const std::string& active_id() const { return active_; }

    void request(std::string event_id);
    // The service refused the response.create of this event id (empty: the one that is out).
    bool refuse(std::string_view event_id);
    // Running or finished.
    bool known(std::string_view response) const;
    // response.created of one that is not known. One that still counted as running is finished by it.
    void start(std::string_view response);
    // From now on audio of the active response is stale.
    void discard_active();
    bool discarded(std::string_view response) const;
    bool finished(std::string_view response) const;
    // response.done, after its items were seen to.
    void finish(std::string_view response);

    // The item's record, made when it belongs to the active response; null for a foreign or finished one.
    AnswerItem* touch(std::string_view response, std::string_view item);
    AnswerItem* find(std::string_view item);
    std::deque<AnswerItem>& items() { return items_; }

  private:
    Phase phase_ = Phase::none;
    std::string requested_;  // event id
    std::string active_;     // response id
    std::deque<std::string> discarded_;
    std::deque<std::string> finished_;
    std::deque<AnswerItem> items_;  // in order of arrival
};

}  // namespace holdfast::voice::realtime
