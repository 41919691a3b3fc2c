// The box's own interview, as a pure machine: inputs in, actions out; no clock, no audio, no sockets.
// Where, what, is anyone hurt or in danger, call-back number, read-back, wait. One question a turn; each
// is repeated once with other words, then left; what the caller volunteers is not asked again. A caller
// who says nothing is asked for keys. Nothing here promises help, and no path ends but with a person.
#pragma once

#include "base/loop.hpp"
#include "voice/scripted/extract.hpp"
#include "voice/scripted/sentences.hpp"
#include "voice/voice.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::voice::scripted {

// A question that was heard to its end waits so long for an answer: below the 8 s after which its silence
// would count as dead air (issue 5, "Figures").
constexpr base::milliseconds k_answer_wait{7000};
// After a sentence that asked nothing, and between the digits of a number: below 4 s.
constexpr base::milliseconds k_statement_wait{3500};
// "Is there anything more?" is asked so often in a row without an answer; then a person takes over.
constexpr int k_more_rounds_max = 8;
constexpr int k_corrections_max = 2;        // of one read-back
constexpr int k_unanswered_max = 2;         // questions in a row: then the keys, then a person
constexpr std::size_t k_note_bytes_max = 500;
constexpr std::size_t k_number_digits_min = 7;
constexpr std::size_t k_number_digits_max = 15;  // E.164

struct Input {
    enum class Kind {
        utterance,  // text: the caller's words; empty: a noise that was nothing
        keys,       // text: a run of keys
        heard,      // the last sentence has been played, or the caller cut it
        no_answer,  // the time of `listen` is over
        unsaid,     // the last sentence could not be spoken, or not to its end
        deaf,       // the ears are lost
        hearing,    // and here again
    };
    Kind kind = Kind::utterance;
    std::string text;
};

// One piece of what is said: a fixed sentence, or the caller's own words.
struct Part {
    Sentence sentence = Sentence::count;  // count: `fresh`
    std::string fresh;
};

struct Action {
    enum class Kind {
        say,       // parts
        listen,    // wait: how long for an answer
        note,      // slot, words: a fact, in the caller's words
        answered,  // slot: its answer, or its answer time-out, has come
        person,    // words: why (a word for the journal)
        language,  // to language
    };
    Kind kind = Kind::listen;
    std::vector<Part> parts;
    base::milliseconds wait{0};
    Slot slot = Slot::more;
    std::string words;
    Language language = Language::en;
};
using Actions = std::vector<Action>;

// What the parts are as text, for the transcript.
std::string text_of(const std::vector<Part>& parts, Language language);

class Interview {
  public:
    // `extract` must outlive the interview.
    Interview(const Extract& extract, std::vector<std::string> person_words);

    Actions begin(const Handover& handover);
    Actions take(const Input& input);

    Language language() const { return language_; }
    bool over() const { return ask_ == Ask::over; }
    bool by_keys() const { return by_keys_; }
    const std::optional<std::string>& known(Slot slot) const { return known_[index(slot)]; }

  private:
    enum class Ask : std::uint8_t {
        none, place, what, danger, callback, read_place, read_number, wait, more,
        key_help, key_danger, key_medical, key_fire, key_police, key_here, key_number, over
    };
    static std::size_t index(Slot slot) { return static_cast<std::size_t>(slot); }
    static bool yes_no(Ask ask);
    static bool key_ask(Ask ask) { return ask >= Ask::key_help && ask <= Ask::key_number; }
    static std::optional<Slot> slot_of(Ask ask);
    static std::optional<Ask> question_in(std::string_view text);

    void on_words(const std::string& text);
    void on_noise();
    void on_keys(std::string_view keys);
    void on_no_answer();
    void on_unsaid();
    void on_deaf();

    void volunteer(const Found& found);
    void answer_open(Slot slot, const Found& found, const std::string& text);
    void answer_danger(const Found& found, const std::string& text);
    void answer_number(const Found& found, const std::string& text);
    void answer_read(Slot slot, const Found& found);
    void answer_key(bool yes);
    void take_number();
    void hand_over_said(const Handover& handover);

    void next();
    Ask pick() const;
    Ask pick_key() const;
    void put(Ask ask, std::optional<Sentence> before = std::nullopt);
    void again(bool by_key = false);
    void give_up();
    void close(Slot slot);
    void note(Slot slot, std::string_view words);
    void listen(base::milliseconds wait);
    void person(const char* why);
    void set_language(Language language);
    std::vector<Part> parts_of(Ask ask, bool again) const;
    bool done(Ask ask) const { return done_[static_cast<std::size_t>(ask)]; }
    void set_done(Ask ask, bool value = true) { done_[static_cast<std::size_t>(ask)] = value; }

    const Extract& extract_;
    const std::vector<std::string> person_words_;
    Actions out_;
    Language language_ = Language::en;
    Ask ask_ = Ask::none;
    bool repeated_ = false;
    bool raw_ = false;        // any words answer this question: it was asked to correct a read-back
    bool by_keys_ = false;
    bool deaf_ = false;
    bool spoke_ = false;      // the caller, ever
    int unanswered_ = 0;      // questions in a row
    int more_rounds_ = 0;
    std::array<int, 2> corrections_{};  // place, number
    std::string digits_;      // of a number that comes in pieces
    std::array<std::optional<std::string>, 5> known_;
    std::array<bool, static_cast<std::size_t>(Ask::over) + 1> done_{};
};

}  // namespace holdfast::voice::scripted
