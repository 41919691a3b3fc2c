#include "state_load/call_script.hpp"

#include "store/sqlite_journal.hpp"
#include "support/temp_folder.hpp"

#include <array>
#include <future>
#include <memory>
#include <set>
#include <utility>
#include <variant>

namespace holdfast::bench {
namespace {

using std::chrono::milliseconds;
using store::Text;

constexpr std::int64_t k_utc_ms = 1'790'000'000'000;  // of the call that is written down
constexpr char k_sid[] = "CA00000000000000000000000000000000";
constexpr char k_sink[] = "mongodb";
constexpr milliseconds k_greeting{5'000};
constexpr milliseconds k_turn{14'000};  // the caller speaks, the voice answers
constexpr milliseconds k_caller_done{4'000}, k_cad_has_it{4'500}, k_seen{6'000}, k_approved{7'000}, k_voice_done{11'000};
constexpr milliseconds k_recording_hashed{1'000};

// As long as what people say in tests/data/incident (52 characters on average).
constexpr std::array k_caller = {"There's a fire at 123 Main Street.",
                                 "My neighbor is trapped on the second floor and there is a lot of smoke.",
                                 "There is smoke from the windows now and someone is not breathing.",
                                 "I think there are two of them, an old man and his wife.",
                                 "Yes, I can see the back door from where I stand.",
                                 "No, nobody came out since I called you.",
                                 "It is the brown house next to the church."};
constexpr std::array k_voice = {"Is anybody hurt, or still inside of the building?",
                                "Help is on the way. Stay outside, and away from the smoke.",
                                "Tell me at once when anything changes. How many people are inside?",
                                "Is there another way out of the house that you can see?",
                                "Please stay on the line with me until they arrive."};

struct Moment {
    milliseconds at{0};
    std::vector<store::Record> rows;
};

class Author {
  public:
    explicit Author(int turns) : turns_(turns) {}
    std::vector<Moment> moments();
    milliseconds length() const { return k_greeting + turns_ * k_turn; }

  private:
    template <class Row>
    Row row() const {
        Row made;
        made.call = call_;
        made.utc_ms = k_utc_ms + now_.count();
        if constexpr (!std::is_same_v<Row, store::CallOpened> && !std::is_same_v<Row, store::Utterance> &&
                      !std::is_same_v<Row, store::Audit>) {
            made.offset_ms = now_.count();
        }
        return made;
    }
    void at(milliseconds now) {
        now_ = now;
        moments_.push_back({now, {}});
    }
    void write(store::Record record) { moments_.back().rows.push_back(std::move(record)); }
    void says(store::Speaker speaker, const std::string& text, const char* provider, milliseconds took);
    void fact(const char* slot, const char* value, const char* normal);
    void incident(const char* type, const char* also);
    void dispatch(std::int64_t number, const char* state, const char* actor, const char* reason = "");
    void audit(const char* actor, const char* action, const char* detail);
    void begin();
    void turn(int number);
    void news(int number);
    void end();

    const int turns_;
    const base::CallSid call_ = *base::CallSid::parse(k_sid);
    milliseconds now_{0};
    std::int64_t revision_ = 0;
    std::string type_;
    std::int64_t items_ = 0;
    std::vector<Moment> moments_;
};

void Author::says(store::Speaker speaker, const std::string& text, const char* provider, milliseconds took) {
    auto said = row<store::Utterance>();
    said.speaker = speaker;
    said.text = Text(text);
    said.start_ms = (now_ - took).count();
    said.end_ms = now_.count();
    said.provider = provider;
    said.item_id = "item_CjkA9Qw3bJ5yB7c1Xn" + std::to_string(items_++);  // as long as a provider's
    if (speaker == store::Speaker::voice) {
        said.played_ms = said.total_ms = took.count();
        said.response_us = 780'000;
    }
    write(std::move(said));
}

void Author::fact(const char* slot, const char* value, const char* normal) {
    auto fact = row<store::Fact>();
    fact.slot = slot;
    fact.source = "caller";
    fact.value = Text(value);
    fact.normal = Text(normal);
    fact.confidence = 80;
    fact.turn = "item_CjkA9Qw3bJ5yB7c1Xn" + std::to_string(items_ - 1);
    if (fact.slot == "place") {
        fact.kind = "address";
        fact.known = true;
    }
    write(std::move(fact));
}

void Author::incident(const char* type, const char* also) {
    auto incident = row<store::Incident>();
    incident.rev = ++revision_;
    incident.type = type_ = type;
    incident.also = also;
    incident.priority = 1;
    incident.place = Text("123 MAIN ST");
    incident.place_kind = "address";
    incident.place_known = true;
    incident.questions = revision_;
    write(std::move(incident));
}

void Author::dispatch(std::int64_t number, const char* state, const char* actor, const char* reason) {
    auto step = row<store::Dispatch>();
    step.number = number;
    step.state = state;
    step.rule = "place_and_type";
    step.type = type_;
    step.priority = 1;
    step.place = Text("123 MAIN ST");
    step.actor = actor;
    step.reason = reason;
    write(std::move(step));
}

void Author::audit(const char* actor, const char* action, const char* detail) {
    auto seen = row<store::Audit>();
    seen.actor = actor;
    seen.action = action;
    seen.detail = detail;
    write(std::move(seen));
}

void Author::begin() {
    at(milliseconds(0));
    auto opened = row<store::CallOpened>();
    opened.account_sid = "AC00000000000000000000000000000000";
    opened.from = Text("+15550100123");
    opened.to = Text("+15550100911");
    opened.direction = "inbound";
    opened.attestation = "TN-Validation-Passed-A";
    opened.status = "ringing";
    opened.rung = "openai";
    opened.decision = "admitted";
    write(std::move(opened));
    at(milliseconds(1'000));
    auto changed = row<store::CallChanged>();
    changed.status = "streaming";
    changed.stream_sid = "MZ00000000000000000000000000000000";
    write(std::move(changed));
    at(k_greeting);
    says(store::Speaker::voice, "911. What is the address of your emergency?", "recorded", milliseconds(3'000));
}

// What the first three turns bring up, as the box understood it there.
void Author::news(int number) {
    if (number == 0) {
        fact("type", "fire", "FUNK");
        fact("place", "123 Main Street", "123 MAIN ST");
        incident("FUNK", "");
        dispatch(1, "proposed", "daemon");
    } else if (number == 1) {
        fact("type", "trapped", "ENTRAP");
        fact("type", "smoke", "FUNK");
        incident("ENTRAP", "FUNK");
        dispatch(2, "proposed", "daemon");
        dispatch(1, "superseded", "daemon", "CA00000000000000000000000000000000:dispatch:2");
    } else {
        fact("type", "smoke", "FUNK");
        fact("type", "not breathing", "RESPARR");
        incident("RESPARR", "ENTRAP FUNK");
        auto seam = row<store::Seam>();
        seam.kind = "life_threat";
        seam.from_rung = seam.to_rung = "openai";
        seam.reason = "tripwire";
        write(std::move(seam));
        dispatch(3, "proposed", "daemon");
    }
}

void Author::turn(int number) {
    const milliseconds began = k_greeting + number * k_turn;
    const auto n = static_cast<std::size_t>(number);
    const bool brings_news = number < k_turns_least;
    at(began + k_caller_done);
    says(store::Speaker::caller, k_caller[n % k_caller.size()], "openai", milliseconds(3'500));
    if (brings_news) {
        news(number);
        at(began + k_cad_has_it);
        dispatch(number + 1, "sent", "cad", "proposed");
    }
    if (number == 0) {
        at(began + k_seen);
        audit("admin", "view_call", "");
    } else if (brings_news) {
        at(began + k_approved);
        dispatch(number + 1, "approved", "desk 7");
        dispatch(number + 1, "acknowledged", "desk 7");
        audit("desk 7", "dispatch_acknowledged", number == 1 ? "dispatch=2" : "dispatch=3");
    }
    at(began + k_voice_done);
    says(store::Speaker::voice, k_voice[n % k_voice.size()], "openai", milliseconds(4'000));
    if (number == k_turns_least - 1) {
        says(store::Speaker::voice, "To talk to a person, press zero or say operator.", "recorded", milliseconds(3'048));
    }
}

void Author::end() {
    at(length());
    auto ended = row<store::CallEnded>();
    ended.reason = "caller_hung_up";
    write(std::move(ended));
    at(length() + k_recording_hashed);
    auto recording = row<store::Recording>();
    recording.offset_ms = 1'000;
    recording.path = "2026/11/26/CA00000000000000000000000000000000.3f6e2a91.1.wav";
    recording.sha256 = std::string(64, '0');
    recording.duration_ms = length().count() - 1'000;
    recording.legs = "both";
    recording.retention_class = "live";
    write(std::move(recording));
}

std::vector<Moment> Author::moments() {
    begin();
    for (int number = 0; number < turns_; ++number) turn(number);
    end();
    return std::move(moments_);
}

// The sync thread's questions, without its thread.
class Reader {
  public:
    explicit Reader(store::Journal& journal) : journal_(journal) {}

    base::Result<std::vector<Telling>> news() {
        std::vector<Telling> tellings;
        for (const auto change_class : store::k_change_classes) {
            auto changes = ask(change_class);
            if (!changes) return changes.error();
            auto told = delivered_[place(change_class)];
            for (auto& row : changes->rows) {
                Telling telling{change_class, row, row.number - told, true};
                told = row.number;
                const auto document = grows(row);
                if (!document.empty()) telling.new_document = documents_.insert({change_class, document}).second;
                tellings.push_back(std::move(telling));
            }
            if (changes->next > delivered_[place(change_class)]) {
                delivered_[place(change_class)] = changes->next;
                if (!journal_.append(store::Delivered{k_sink, change_class, changes->next})) {
                    return base::make_error(base::Condition::retry, "journal_queue");
                }
            }
        }
        return tellings;
    }

  private:
    static std::size_t place(store::ChangeClass change_class) { return static_cast<std::size_t>(change_class) - 1; }
    base::Result<store::Changes> ask(store::ChangeClass change_class) {
        store::ReadChanges query{k_sink, change_class};
        std::promise<base::Result<store::Changes>> answer;
        journal_.read_changes(query, [&answer](base::Result<store::Changes> changes) { answer.set_value(std::move(changes)); });
        return answer.get_future().get();
    }

    store::Journal& journal_;
    std::array<std::int64_t, std::size(store::k_change_classes)> delivered_{};
    std::set<std::pair<store::ChangeClass, std::string>> documents_;
};

}  // namespace

base::Result<CallScript> make_call_script(int turns) {
    const test::TempFolder state, run;
    store::SqliteJournalOptions options;
    options.path = state / "holdfast.db";
    options.runtime_path = run.path();
    options.site_id = "bench";
    auto journal = store::SqliteJournal::open(std::move(options));
    if (!journal) return journal.error();
    Reader reader(**journal);
    if (const auto own = reader.news(); !own) return own.error();  // that the journal was opened, for one
    Author author(turns);
    CallScript script;
    script.length = author.length();
    for (auto& moment : author.moments()) {
        for (auto& row : moment.rows) {
            if (!(*journal)->append(std::move(row))) return base::make_error(base::Condition::retry, "journal_queue");
        }
        auto tellings = reader.news();
        if (!tellings) return tellings.error();
        for (const auto& telling : *tellings) {
            script.notes += telling.notes;
            script.documents += telling.new_document ? 1 : 0;
            script.utterances += telling.change_class == store::ChangeClass::transcript ? 1 : 0;
        }
        script.steps.push_back({moment.at, std::move(*tellings)});
    }
    (*journal)->stop(std::chrono::seconds(5));
    return script;
}

store::Change told_of(const store::Change& change, const base::CallSid& call, std::int64_t utc_ms) {
    const auto later = utc_ms - k_utc_ms;
    store::Change other = change;
    other.utc_ms += later;
    if (auto* dispatch = std::get_if<store::DispatchState>(&other.what)) {
        for (auto& step : dispatch->steps) {
            step.dispatch.call = call;
            step.dispatch.utc_ms += later;
        }
    } else if (auto* incident = std::get_if<store::IncidentState>(&other.what)) {
        incident->incident.incident.call = call;
        incident->incident.incident.utc_ms += later;
        for (auto& fact : incident->facts) fact.fact.utc_ms += later;
    } else if (auto* state = std::get_if<store::CallState>(&other.what)) {
        state->call.call = call;
        state->call.started_utc_ms += later;
        if (state->call.ended_utc_ms) *state->call.ended_utc_ms += later;
        for (auto& seam : state->seams) seam.seam.utc_ms += later;
    } else if (auto* said = std::get_if<store::Utterance>(&other.what)) {
        said->call = call;
        said->utc_ms += later;
    } else if (auto* recording = std::get_if<store::Recording>(&other.what)) {
        recording->call = call;
        recording->utc_ms += later;
    } else if (auto* audit = std::get_if<store::Audit>(&other.what)) {
        audit->call = call;
        audit->utc_ms += later;
    }
    return other;
}

std::string grows(const store::Change& change) {
    if (const auto* dispatch = std::get_if<store::DispatchState>(&change.what)) {
        const auto& first = dispatch->steps.front().dispatch;
        return first.call.str() + ":" + std::to_string(first.number);
    }
    if (const auto* incident = std::get_if<store::IncidentState>(&change.what)) return incident->incident.incident.call.str();
    if (const auto* state = std::get_if<store::CallState>(&change.what)) return state->call.call.str();
    return {};
}

}  // namespace holdfast::bench
