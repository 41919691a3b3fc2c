#include "incident/case.hpp"

#include "base/text.hpp"
#include "incident/numbers.hpp"
#include "incident/suffixes.hpp"
#include "incident/word_set.hpp"
#include "incident/words.hpp"

#include <algorithm>

namespace holdfast::incident {
namespace {

constexpr std::size_t k_last_text_bytes = 400;    // of the utterance before, to be read together with the next
constexpr std::size_t k_heard_bytes = 64 * 1024;  // of all the caller's words
constexpr std::size_t k_value_bytes = 256;
constexpr std::size_t k_candidates_bytes = 600;
constexpr std::size_t k_report_bytes = 512;       // of a model's argument
constexpr std::size_t k_types_max = 12;

std::string text_of(std::string_view text, std::size_t begin, std::size_t end) {
    if (begin >= end || end > text.size()) return {};
    return std::string(base::utf8_prefix(text.substr(begin, end - begin), k_value_bytes));
}

// "yes", "yeah he did", "sí": nothing but a yes.
bool plain_yes(const Words& words) {
    static const WordSet k_yes("yes yeah yep yup correct right exactly si correcto exacto asi uh-huh sure");
    return !words.empty() && words.size() <= 4 && k_yes.has(words.front().folded);
}

// "12 MAIN ST" beside "12 MAIN ST APT 4, SPRINGFIELD": the same place, said shorter.
bool less_exact(std::string_view place, std::string_view than) {
    return place.size() < than.size() && starts_with(than, place) && (than[place.size()] == ' ' || than[place.size()] == ',');
}

bool plain_no(const Words& words) {
    static const WordSet k_no("no nope wrong incorrecto");
    return !words.empty() && words.size() <= 2 && k_no.has(words.front().folded);
}

std::vector<Type> ranked(const std::set<Type>& types) {
    // The order a reading of all of them would give: by priority, the cause first.
    std::vector<Type> out(types.begin(), types.end());
    std::stable_sort(out.begin(), out.end(), before);
    return out;
}

}  // namespace

const char* to_string(Source source) {
    switch (source) {
        case Source::caller: return "caller";
        case Source::model: return "model";
        case Source::list: return "list";
    }
    return "caller";
}
const char* to_string(Fact::Slot slot) {
    switch (slot) {
        case Fact::Slot::type: return "type";
        case Fact::Slot::place: return "place";
        case Fact::Slot::check: return "street_check";
    }
    return "type";
}

bool Picture::same_as(const Picture& other) const {
    const auto normal = [](const Picture& p) { return p.place ? p.place->normal : std::string(); };
    const auto known = [](const Picture& p) { return p.place && p.place->known; };
    return type == other.type && also == other.also && priority == other.priority && normal(*this) == normal(other) &&
           known(*this) == known(other) && differ == other.differ && questions == other.questions;
}

bool Case::check(Place& place, std::string_view turn, std::int64_t offset_ms, std::vector<Fact>& facts) const {
    if (!settings_.check_place) return true;
    const PlaceCheck said = settings_.check_place(place);
    using Verdict = PlaceCheck::Verdict;
    if (said.verdict == Verdict::unchecked) return true;
    Fact fact;
    fact.slot = Fact::Slot::check;
    fact.source = Source::list;
    fact.normal = said.verdict == Verdict::valid ? "valid" : (said.verdict == Verdict::ambiguous ? "ambiguous " : "not_found ") + said.why;
    for (const auto& candidate : said.candidates) fact.value += (fact.value.empty() ? "" : "; ") + candidate;
    fact.value.assign(base::utf8_prefix(fact.value, k_candidates_bytes));
    fact.known = said.verdict == Verdict::valid;
    fact.confidence = 1;
    fact.turn = turn;
    fact.offset_ms = offset_ms;
    facts.push_back(std::move(fact));
    if (said.verdict == Verdict::valid) return true;
    place.known = false;
    return false;
}

void Case::take_place(const Place& named, std::string_view text, std::string_view turn, std::int64_t start_ms, bool span,
                      Changes& changes) {
    Place place = named;
    std::vector<Fact> checked;
    check(place, turn, start_ms, checked);
    Fact fact;
    fact.slot = Fact::Slot::place;
    fact.value = text_of(text, place.begin, place.end);
    fact.normal = place.normal;
    fact.kind = to_string(place.kind);
    fact.known = place.known;
    fact.confidence = place.confidence;
    fact.turn = turn;
    fact.offset_ms = start_ms;
    if (span) {
        fact.begin = place.begin;
        fact.end = place.end;
    }
    changes.facts.push_back(fact);
    changes.facts.insert(changes.facts.end(), checked.begin(), checked.end());
    // Half a place never replaces a whole one.
    if (caller_place_ && caller_place_->known && (!place.known || less_exact(place.normal, caller_place_->normal))) return;
    caller_place_ = place;
}

void Case::take(const Reading& reading, std::string_view text, std::string_view turn, std::int64_t start_ms, Changes& changes) {
    for (const Signal& signal : reading.signals) {
        if (signal.type == Type::trouble) continue;
        const bool twice = std::any_of(changes.facts.begin(), changes.facts.end(), [&](const Fact& fact) {
            return fact.slot == Fact::Slot::type && fact.normal == code(signal.type) && fact.denied == signal.denied;
        });
        if (twice) continue;
        Fact fact;
        fact.value = text_of(text, signal.begin, signal.end);
        fact.normal = code(signal.type);
        fact.denied = signal.denied;
        fact.confidence = signal.weak ? 0.6 : 0.8;
        fact.turn = turn;
        fact.offset_ms = start_ms;
        fact.begin = signal.begin;
        fact.end = signal.end;
        changes.facts.push_back(std::move(fact));
        // "It's not a fire" takes back what was said before; of the same sentence the reading has judged.
        if (signal.denied && (reading.unknown || reading.type != signal.type)) caller_types_.erase(signal.type);
    }
    if (!reading.unknown && caller_types_.size() < k_types_max) {
        caller_types_.insert(reading.type);
        for (const Type type : reading.also) {
            if (caller_types_.size() < k_types_max) caller_types_.insert(type);
        }
        base_priority_ = std::min(base_priority_, reading.priority);
    }
    for (const Place& place : reading.other_places) {
        Changes kept;
        const auto before_place = caller_place_;
        take_place(place, text, turn, start_ms, true, kept);
        caller_place_ = before_place;  // named, and taken back or another one
        changes.facts.insert(changes.facts.end(), kept.facts.begin(), kept.facts.end());
    }
    if (reading.place) take_place(*reading.place, text, turn, start_ms, true, changes);
}

Changes Case::caller_said(std::string_view text, std::string_view turn, std::int64_t start_ms) {
    Changes changes;
    const Words words = split(text);
    if (words.empty()) return changes;
    for (const Word& word : words) {
        if (heard_.size() < k_heard_bytes) heard_ += " " + upper(word.folded);
    }
    if (!life_threat_ && settings_.tripwires.hit(words)) life_threat_ = changes.life_threat = true;
    const std::string question = questions_.open();
    changes.question = questions_.answered(start_ms);

    const Reading reading = read(text);
    take(reading, text, turn, start_ms, changes);
    if (changes.question && reading.unknown && plain_yes(words)) {
        // "Is the house on fire?" - "Yes": what was asked is now the caller's own.
        Changes confirmed;
        take(read(question), question, turn, start_ms, confirmed);
        for (Fact& fact : confirmed.facts) {
            fact.begin = fact.end = 0;
            changes.facts.push_back(fact);
        }
    } else if (changes.question && plain_no(words)) {
        for (const Signal& signal : read(question).signals) {
            if (signal.denied || signal.type == Type::trouble) continue;
            Fact fact;
            fact.value = text_of(question, signal.begin, signal.end);
            fact.normal = code(signal.type);
            fact.denied = true;
            fact.confidence = 0.8;
            fact.turn = turn;
            fact.offset_ms = start_ms;
            changes.facts.push_back(std::move(fact));
            caller_types_.erase(signal.type);
        }
    }
    // "It's 1234" ... "Oak Street"; "1230 Oak Street" ... "no, 1320": two utterances make one place.
    if ((!reading.place || !reading.place->known) && !last_text_.empty()) {
        const std::string both = last_text_ + (words.front().folded == "no" ? ", " : " ") + std::string(text);
        const Reading joined = read(both);
        if (joined.place && joined.place->known && joined.place->end > last_text_.size() - std::min<std::size_t>(last_text_.size(), 1) &&
            (!caller_place_ || caller_place_->normal != joined.place->normal)) {
            take_place(*joined.place, both, turn, start_ms, false, changes);
        } else if (joined.place && joined.place->known && caller_place_ && caller_place_->kind == joined.place->kind &&
                   caller_place_->normal != joined.place->normal && words.front().folded == "no") {
            take_place(*joined.place, both, turn, start_ms, false, changes);
        }
    }
    last_text_.assign(base::utf8_prefix(text, k_last_text_bytes));
    settle(changes);
    return changes;
}

Changes Case::box_said(std::string_view text, std::int64_t end_ms) {
    questions_.said(text, end_ms);
    return {};
}

// Whether the words of a place were the caller's: a model may only say it better, not make it up.
bool Case::said_by_caller(const Place& place) const {
    const Words heard = split(std::string_view(heard_));
    std::string digits;
    std::set<std::string> words;
    for (std::size_t at = 0; at < heard.size(); ++at) {
        words.insert(upper(heard[at].folded));
        const Number number = read_number(heard, at);
        if (!number.digits.empty()) digits += number.digits + " ";
        const Ordinal ordinal = read_ordinal(heard, at);
        if (!ordinal.digits.empty()) words.insert(ordinal_form(ordinal.digits));
    }
    static const WordSet k_forms("n s e w ne nw se sw nb sb eb wb block apt unit ste rm fl lot trlr bldg spc exit mm");
    for (const Word& word : split(place.normal)) {
        const std::string part = upper(word.folded);
        if (k_forms.has(word.folded) || !suffix_form(word.folded).empty() || word.folded == "&" || word.folded == "i") continue;
        if (words.count(part) != 0) continue;
        if (is_digits(part) && (" " + digits).find(" " + part + " ") != std::string::npos) continue;
        return false;
    }
    return true;
}

Changes Case::reported(const Report& report, std::string_view turn, std::int64_t at_ms) {
    Changes changes;
    if (report.type.size() > k_report_bytes || report.place.size() > k_report_bytes || !base::is_utf8(report.type) ||
        !base::is_utf8(report.place)) {
        return changes;
    }
    // A model may be talked into "no emergency": that nobody is needed is never its to say.
    if (const auto type = type_of(report.type); type && sends(*type)) {
        Fact fact;
        fact.source = Source::model;
        fact.value = report.type;
        fact.normal = code(*type);
        fact.confidence = 0.5;
        fact.turn = turn;
        fact.offset_ms = at_ms;
        changes.facts.push_back(std::move(fact));
        model_type_ = *type;
    }
    const Words words = split(report.place);
    if (!words.empty()) {
        Places places = find_places(report.place, words);
        if (places.best) {
            Place place = *places.best;
            place.known = place.known && said_by_caller(place);
            std::vector<Fact> checked;
            check(place, turn, at_ms, checked);
            if (!place.known) place.confidence = std::min(place.confidence, 0.4);
            Fact fact;
            fact.slot = Fact::Slot::place;
            fact.source = Source::model;
            fact.value = text_of(report.place, place.begin, place.end);
            fact.normal = place.normal;
            fact.kind = to_string(place.kind);
            fact.known = place.known;
            fact.confidence = place.confidence;
            fact.turn = turn;
            fact.offset_ms = at_ms;
            changes.facts.push_back(std::move(fact));
            changes.facts.insert(changes.facts.end(), checked.begin(), checked.end());
            model_place_ = place;
        }
    }
    settle(changes);
    return changes;
}

Changes Case::tick(std::int64_t now_ms) {
    Changes changes;
    changes.question = questions_.tick(now_ms);
    if (changes.question) settle(changes);
    return changes;
}

void Case::settle(Changes& changes) {
    Picture now;
    std::set<Type> types = caller_types_;
    if (types.empty() && model_type_) types.insert(*model_type_);
    const auto order = ranked(types);
    if (!order.empty()) {
        now.type = order.front();
        now.also.assign(order.begin() + 1, order.end());
        now.priority = caller_types_.empty() ? default_priority(now.type) : std::min(base_priority_, default_priority(now.type));
    }
    if (life_threat_) now.priority = 1;
    now.place = caller_place_;
    if (model_place_ && model_place_->known && (!now.place || !now.place->known)) now.place = model_place_;
    if (!now.place && model_place_) now.place = model_place_;
    const bool types_differ = model_type_ && !caller_types_.empty() && caller_types_.count(*model_type_) == 0;
    const bool places_differ = model_place_ && caller_place_ && caller_place_->known && model_place_->normal != caller_place_->normal;
    now.differ = types_differ || places_differ;
    now.questions = questions_.counted();

    changes.type_first = picture_.type == Type::trouble && now.type != Type::trouble;
    changes.place_first = !(picture_.place && picture_.place->known) && now.place && now.place->known;
    if (!now.same_as(picture_)) changes.picture = now;
    picture_ = now;

    Known known;
    known.type = now.type;
    known.place = now.place && now.place->known;
    known.place_any = now.place.has_value();
    known.questions = now.questions;
    known.questions_max = settings_.questions_max;
    const Decision decision = decide(known);
    if (!decision.propose) return;
    // Once proposed, only another type or place is news.
    const auto place_of = [](const Picture& p) { return p.place ? p.place->normal + (p.place->known ? "!" : "?") : std::string(); };
    if (proposed_ && proposed_for_.type == now.type && place_of(proposed_for_) == place_of(now)) return;
    proposed_ = true;
    proposed_for_ = now;
    changes.proposal = decision;
}

}  // namespace holdfast::incident
