// The incident of one call, as it grows: facts out of what is said, the picture they make together, and
// the moment at which somebody should be sent. Pure: the call tells it what was said and when, and writes
// down what comes back before it acts on it. Not thread-safe; one loop.
//
// Nothing is forgotten. A correction is a newer fact beside the old one; what the model reports stands
// beside what the caller said and never replaces it.
#pragma once

#include "incident/policy.hpp"
#include "incident/questions.hpp"
#include "incident/reading.hpp"
#include "incident/tripwires.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::incident {

enum class Source { caller, model, list };
const char* to_string(Source source);

struct Fact {
    enum class Slot { type, place, check };  // check: what the street list says of the place before it
    Slot slot = Slot::type;
    Source source = Source::caller;
    std::string value;          // as it was said
    std::string normal;         // a type's code, the place normalised, or the list's verdict ("ambiguous suffix")
    std::string kind;           // of a place
    bool known = false;         // of a place
    bool denied = false;        // "no weapons"
    double confidence = 0;
    std::string turn;           // the utterance it comes from
    std::int64_t offset_ms = 0; // ... and where in the call that began
    std::size_t begin = 0;      // bytes of that utterance; both 0 when it takes two utterances
    std::size_t end = 0;
};
const char* to_string(Fact::Slot slot);

// What is known of the incident now.
struct Picture {
    Type type = Type::trouble;
    std::vector<Type> also;
    int priority = 2;
    std::optional<Place> place;   // begin and end mean nothing here
    bool differ = false;          // model and caller name different types or places: a person has to look
    int questions = 0;

    bool same_as(const Picture& other) const;
};

// What one event changed, to be written down in this order.
struct Changes {
    std::vector<Fact> facts;
    std::optional<Picture> picture;     // only when it is another one than before
    bool type_first = false;            // for the first time there is one
    bool place_first = false;           // ... one that is known
    bool life_threat = false;           // for the first time, words that mean one (a tripwire)
    bool question = false;              // one more question counts
    std::optional<Decision> proposal;   // somebody should be sent; once for each picture that says so
};

// Whether the agency's own street list knows a place. It changes nothing: what is not valid is not known, and somebody
// has to ask.
struct PlaceCheck {
    enum class Verdict { unchecked, valid, ambiguous, not_found } verdict = Verdict::unchecked;
    std::string why;                       // of the two last: "suffix", "range" ...
    std::vector<std::string> candidates;   // of ambiguous
};
using CheckPlace = std::function<PlaceCheck(const Place&)>;

struct CaseSettings {
    int questions_max = 3;
    std::int64_t answer_timeout_ms = 10'000;
    Tripwires tripwires{};
    CheckPlace check_place{};  // empty: there is no list
};

// An argument of a model's tool call, not trusted.
struct Report {
    std::string type;
    std::string place;
};

class Case {
  public:
    explicit Case(CaseSettings settings) : settings_(std::move(settings)), questions_(settings_.answer_timeout_ms) {}

    // Offsets in the call. `turn` names the utterance in the journal.
    Changes caller_said(std::string_view text, std::string_view turn, std::int64_t start_ms);
    Changes box_said(std::string_view text, std::int64_t end_ms);
    Changes reported(const Report& report, std::string_view turn, std::int64_t at_ms);
    Changes tick(std::int64_t now_ms);
    std::optional<std::int64_t> due_ms() const { return questions_.due_ms(); }

    const Picture& picture() const { return picture_; }
    bool proposed() const { return proposed_; }

  private:
    void take(const Reading& reading, std::string_view text, std::string_view turn, std::int64_t start_ms, Changes& changes);
    void take_place(const Place& place, std::string_view text, std::string_view turn, std::int64_t start_ms, bool span,
                    Changes& changes);
    // Asks the list; true: it is not against it. Notes what it said behind the place's own fact.
    bool check(Place& place, std::string_view turn, std::int64_t offset_ms, std::vector<Fact>& facts) const;
    bool said_by_caller(const Place& place) const;
    void settle(Changes& changes);

    CaseSettings settings_;
    Questions questions_;
    Picture picture_;
    std::set<Type> caller_types_;
    std::optional<Type> model_type_;
    std::optional<Place> caller_place_;
    std::optional<Place> model_place_;
    bool life_threat_ = false;
    int base_priority_ = 5;         // the most urgent the caller's words were
    std::string last_text_;         // of the caller
    std::string heard_;             // all of the caller's words, folded; bounded
    bool proposed_ = false;
    Picture proposed_for_;
};

}  // namespace holdfast::incident
