#include "voice/scripted/interview.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::voice::scripted {
namespace {

// The words of the recorded greeting, at the pace of a calm voice, before its answer can be waited for.
constexpr base::milliseconds k_greeting_per_byte{75};

bool ends_as_question(std::string_view text) {
    while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) text.remove_suffix(1);
    return !text.empty() && text.back() == '?';
}

// House numbers are read digit by digit (incident-domain.md section 8).
std::string spelled(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto is_digit = [&](std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
        out += text[at];
        if (is_digit(at) && is_digit(at + 1)) out += ' ';
    }
    return out;
}

Part fixed(Sentence sentence) { return Part{sentence, {}}; }

}  // namespace

std::string text_of(const std::vector<Part>& parts, Language language) {
    std::string text;
    for (const Part& part : parts) {
        if (!text.empty()) text += ' ';
        if (part.sentence == Sentence::count) text += part.fresh;
        else text += words(part.sentence, language);
    }
    return text;
}

Interview::Interview(const Extract& extract, std::vector<std::string> person_words)
    : extract_(extract), person_words_(std::move(person_words)) {}

bool Interview::yes_no(Ask ask) {
    return ask == Ask::danger || ask == Ask::read_place || ask == Ask::read_number ||
           (key_ask(ask) && ask != Ask::key_number);
}

std::optional<Slot> Interview::slot_of(Ask ask) {
    switch (ask) {
        case Ask::place:
        case Ask::read_place:
        case Ask::key_here: return Slot::place;
        case Ask::what:
        case Ask::key_medical:
        case Ask::key_fire:
        case Ask::key_police: return Slot::what;
        case Ask::danger:
        case Ask::key_danger: return Slot::danger;
        case Ask::callback:
        case Ask::read_number:
        case Ask::key_number: return Slot::callback;
        case Ask::more: return Slot::more;
        default: return std::nullopt;
    }
}

// Which of our questions some other voice has asked, by the words that such questions have.
std::optional<Interview::Ask> Interview::question_in(std::string_view text) {
    if (has_phrase(text, {"address", "where", "location", "street", "direccion", "donde", "calle"})) return Ask::place;
    if (has_phrase(text, {"number", "call you back", "phone", "numero", "telefono"})) return Ask::callback;
    if (has_phrase(text, {"hurt", "injured", "danger", "safe", "herido", "heridos", "herida", "peligro"})) {
        return Ask::danger;
    }
    if (has_phrase(text, {"happened", "happening", "emergency", "going on", "paso", "pasando", "emergencia"})) {
        return Ask::what;
    }
    return std::nullopt;
}

// --- inputs ---

Actions Interview::begin(const Handover& handover) {
    out_.clear();
    if (const auto told = language_of(handover.language)) language_ = *told;
    hand_over_said(handover);
    const std::string_view last = handover.said.empty() ? std::string_view(handover.greeting)
                                  : handover.said.back().who == Said::Who::voice
                                      ? std::string_view(handover.said.back().text)
                                      : std::string_view();
    const auto open = ends_as_question(last) ? question_in(last) : std::nullopt;
    const bool open_here = open && !known_[index(*slot_of(*open))];
    if (handover.joining) {
        put(open_here ? *open : pick(), Sentence::still_here);
    } else if (open_here && handover.said.empty()) {
        // The recorded greeting has asked it: listen, and say nothing into its question.
        ask_ = *open;
        listen(k_greeting_per_byte * static_cast<int>(std::min<std::size_t>(last.size(), 400)) + k_answer_wait);
    } else {
        put(open_here ? *open : pick());
    }
    return std::move(out_);
}

// Facts of the talk so far. An answer belongs to the question before it, as it does here.
void Interview::hand_over_said(const Handover& handover) {
    std::optional<Ask> asked = question_in(handover.greeting);
    for (const Said& said : handover.said) {
        if (said.who == Said::Who::voice) {
            asked = question_in(said.text);
            continue;
        }
        if (said.text.empty()) continue;
        spoke_ = true;
        const Found found = extract_.look(said.text, language_);
        if (found.language) set_language(*found.language);
        volunteer(found);
        const auto slot = asked ? slot_of(*asked) : std::nullopt;
        asked.reset();
        if (!slot || known_[index(*slot)] || found.filler || found.unknown) continue;
        if (*slot == Slot::danger && found.yes) note(Slot::danger, *found.yes ? "yes" : "no");
        else if (*slot == Slot::what) note(Slot::what, said.text);
        else if (*slot == Slot::place && found.what.empty()) note(Slot::place, said.text);
    }
}

Actions Interview::take(const Input& input) {
    out_.clear();
    if (ask_ == Ask::over) return {};
    switch (input.kind) {
        case Input::Kind::utterance: on_words(input.text); break;
        case Input::Kind::keys: on_keys(input.text); break;
        case Input::Kind::heard:
            listen(ask_ == Ask::wait || ask_ == Ask::none ? k_statement_wait : k_answer_wait);
            break;
        case Input::Kind::no_answer: on_no_answer(); break;
        case Input::Kind::unsaid: on_unsaid(); break;
        case Input::Kind::deaf: on_deaf(); break;
        case Input::Kind::hearing: deaf_ = false; break;
    }
    return std::move(out_);
}

void Interview::on_noise() {
    if (!repeated_ && ask_ != Ask::none) again();
    else listen(k_statement_wait);
}

void Interview::on_words(const std::string& text) {
    if (split_words(text).empty()) return on_noise();
    if (has_phrase(text, person_words_)) return person("caller_asked");
    const Found found = extract_.look(text, language_);
    if (found.language) set_language(*found.language);
    deaf_ = false;
    spoke_ = true;
    unanswered_ = 0;
    more_rounds_ = 0;
    if (by_keys_ && !yes_no(ask_)) {
        by_keys_ = false;  // who speaks is not asked for keys any more
        ask_ = Ask::none;
    }
    if (by_keys_ && found.yes) return answer_key(*found.yes);
    if (by_keys_) {
        by_keys_ = false;
        ask_ = Ask::none;
    }
    switch (ask_) {
        case Ask::place: answer_open(Slot::place, found, text); break;
        case Ask::what: answer_open(Slot::what, found, text); break;
        case Ask::danger: answer_danger(found, text); break;
        case Ask::callback: answer_number(found, text); break;
        case Ask::read_place: answer_read(Slot::place, found); break;
        case Ask::read_number: answer_read(Slot::callback, found); break;
        case Ask::wait:
        case Ask::more:
            volunteer(found);
            if (!found.filler) note(Slot::more, text);
            out_.push_back({Action::Kind::answered, {}, {}, Slot::more, {}, language_});
            put(Ask::wait);
            break;
        default:
            volunteer(found);
            next();
            break;
    }
}

void Interview::volunteer(const Found& found) {
    const auto fill = [this](Slot slot, const std::string& words) {
        if (!words.empty() && !known_[index(slot)]) note(slot, words);
    };
    fill(Slot::place, found.place);
    fill(Slot::what, found.what);
    fill(Slot::danger, found.danger);
    if (found.digits.size() >= k_number_digits_min && found.digits.size() <= k_number_digits_max &&
        found.place.empty()) {
        fill(Slot::callback, found.digits);
    }
}

// Where and what: any words are an answer, unless they are plainly about something else.
void Interview::answer_open(Slot slot, const Found& found, const std::string& text) {
    const bool corrected = std::exchange(raw_, false);
    volunteer(found);
    const bool elsewhere = slot == Slot::place && (!found.what.empty() || !found.danger.empty());
    if (!known_[index(slot)] && !found.filler && !found.unknown && (corrected || repeated_ || !elsewhere)) {
        note(slot, text);
    }
    if (!known_[index(slot)] && !repeated_ && !found.unknown) {
        raw_ = corrected;
        return again();
    }
    close(slot);
    next();
}

void Interview::answer_danger(const Found& found, const std::string& text) {
    volunteer(found);
    if (!known_[index(Slot::danger)]) {
        if (found.yes) note(Slot::danger, *found.yes ? "yes" : "no");
        else if (!found.filler && !found.unknown) note(Slot::danger, text);
        else if (!repeated_ && !found.unknown) return again();
    }
    close(Slot::danger);
    next();
}

void Interview::answer_number(const Found& found, const std::string& text) {
    volunteer(found);
    if (!known_[index(Slot::callback)]) {
        digits_ += found.digits;
        if (digits_.size() >= k_number_digits_min) {
            take_number();
        } else if (!found.digits.empty()) {
            return listen(k_statement_wait);  // it comes in pieces
        } else if (!found.unknown && !repeated_ && !(found.yes && !*found.yes)) {
            return again();
        } else if (!found.filler && !found.unknown) {
            note(Slot::more, text);
        }
    }
    close(Slot::callback);
    next();
}

void Interview::take_number() {
    const std::string digits = std::exchange(digits_, {});
    note(Slot::callback, std::string_view(digits).substr(0, k_number_digits_max));
}

void Interview::answer_read(Slot slot, const Found& found) {
    const bool number = slot == Slot::callback;
    const bool corrected = number ? found.digits.size() >= k_number_digits_min : !found.place.empty();
    int& corrections = corrections_[number ? 1 : 0];
    if (corrected && corrections < k_corrections_max) {  // "no, it is 14 Main Street": read that
        ++corrections;
        note(slot, number ? found.digits : found.place);
        return put(ask_);
    }
    if (found.yes && *found.yes) {
        out_.push_back({Action::Kind::note, {}, {}, slot, *known_[index(slot)], language_});  // said twice
    } else if (found.yes && corrections < k_corrections_max) {
        ++corrections;
        known_[index(slot)].reset();
        ask_ = number ? Ask::callback : Ask::place;
        repeated_ = true;
        raw_ = true;
        set_done(ask_, false);
        Action say{Action::Kind::say, {}, {}, slot, {}, language_};
        say.parts.push_back(fixed(number ? Sentence::callback_check : Sentence::where_check));
        out_.push_back(std::move(say));
        return;
    } else if (!found.yes && !repeated_) {
        volunteer(found);
        return again();
    }
    volunteer(found);
    close(slot);
    next();
}

void Interview::on_keys(std::string_view keys) {
    unanswered_ = 0;
    if (ask_ == Ask::callback || ask_ == Ask::key_number) {
        for (const char c : keys) {
            if (c >= '0' && c <= '9' && digits_.size() < k_number_digits_max) digits_ += c;
        }
        const bool finished = keys.find('#') != std::string_view::npos || digits_.size() >= 10;
        if (!finished) return listen(k_statement_wait);
        if (digits_.size() >= k_number_digits_min) {
            take_number();
            close(Slot::callback);
            return next();
        }
        digits_.clear();
        return repeated_ ? give_up() : again();
    }
    const auto at = keys.find_first_of("12");
    if (!yes_no(ask_)) {
        // Keys where words were asked for: somebody who cannot speak (incident-domain.md 11.10).
        by_keys_ = true;
        return put(Ask::key_help);
    }
    if (at == std::string_view::npos) return again(true);
    const bool yes = keys[at] == '1';
    if (key_ask(ask_)) return answer_key(yes);
    Found found;
    found.yes = yes;
    if (ask_ == Ask::danger) answer_danger(found, {});
    else answer_read(ask_ == Ask::read_number ? Slot::callback : Slot::place, found);
}

void Interview::answer_key(bool yes) {
    const Ask ask = ask_;
    set_done(ask);
    switch (ask) {
        case Ask::key_help:
            if (!yes) return person("keys_no_help");  // never ours to decide
            break;
        case Ask::key_danger: note(Slot::danger, yes ? "yes" : "no"); break;
        case Ask::key_medical:
        case Ask::key_fire:
        case Ask::key_police:
            if (yes) note(Slot::what, ask == Ask::key_medical ? "medical" : ask == Ask::key_fire ? "fire" : "police");
            break;
        case Ask::key_here:
            if (yes) note(Slot::place, "where the caller is");
            break;
        default: break;
    }
    if (const auto slot = slot_of(ask)) {
        out_.push_back({Action::Kind::answered, {}, {}, *slot, {}, language_});
    }
    next();
}

void Interview::on_no_answer() {
    if (digits_.size() >= k_number_digits_min) {
        take_number();
        close(Slot::callback);
        return next();
    }
    digits_.clear();
    if (ask_ == Ask::none || ask_ == Ask::wait) return next();
    if (ask_ == Ask::more) {
        if (++more_rounds_ >= k_more_rounds_max) return person("waited");
        repeated_ = !repeated_;
        Action say{Action::Kind::say, parts_of(Ask::more, repeated_), {}, Slot::more, {}, language_};
        out_.push_back(std::move(say));
        return;
    }
    if (!repeated_) return again();
    give_up();
}

// Asked twice, and nothing came.
void Interview::give_up() {
    const Ask ask = ask_;
    set_done(ask);
    raw_ = false;
    if (const auto slot = slot_of(ask)) {
        out_.push_back({Action::Kind::answered, {}, {}, *slot, {}, language_});
    }
    ++unanswered_;
    if (key_ask(ask)) {
        if (ask == Ask::key_help || unanswered_ >= k_unanswered_max) return person("silent");
        return next();
    }
    if (!spoke_ || unanswered_ >= k_unanswered_max) {
        by_keys_ = true;
        unanswered_ = 0;
        return put(Ask::key_help);
    }
    next();
}

void Interview::on_unsaid() {
    if (ask_ == Ask::read_place || ask_ == Ask::read_number) {
        set_done(ask_);
        return put(pick(), Sentence::not_repeated);
    }
    if (ask_ == Ask::none || ask_ == Ask::wait || repeated_) return listen(k_statement_wait);
    again();
}

void Interview::on_deaf() {
    if (std::exchange(deaf_, true) || by_keys_) return;
    by_keys_ = true;
    put(Ask::key_help);
}

// --- what is next ---

Interview::Ask Interview::pick() const {
    if (by_keys_) return pick_key();
    const auto open = [this](Slot slot, Ask ask) { return !known_[index(slot)] && !done(ask); };
    if (open(Slot::place, Ask::place)) return Ask::place;
    if (open(Slot::what, Ask::what)) return Ask::what;
    if (open(Slot::danger, Ask::danger)) return Ask::danger;
    if (open(Slot::callback, Ask::callback)) return Ask::callback;
    if (known_[index(Slot::place)] && !done(Ask::read_place)) return Ask::read_place;
    if (known_[index(Slot::callback)] && !done(Ask::read_number)) return Ask::read_number;
    return done(Ask::wait) ? Ask::more : Ask::wait;
}

Interview::Ask Interview::pick_key() const {
    if (!done(Ask::key_help)) return Ask::key_help;
    if (!done(Ask::key_danger) && !known_[index(Slot::danger)]) return Ask::key_danger;
    if (!known_[index(Slot::what)]) {
        for (const Ask ask : {Ask::key_medical, Ask::key_fire, Ask::key_police}) {
            if (!done(ask)) return ask;
        }
    }
    if (!done(Ask::key_here) && !known_[index(Slot::place)]) return Ask::key_here;
    if (!done(Ask::key_number) && !known_[index(Slot::callback)]) return Ask::key_number;
    return Ask::over;
}

void Interview::next() {
    const Ask ask = pick();
    if (ask == Ask::over) return person("keys_done");
    put(ask);
}

void Interview::put(Ask ask, std::optional<Sentence> before) {
    if (ask == Ask::over) return person("keys_done");
    ask_ = ask;
    repeated_ = false;
    digits_.clear();
    if (ask == Ask::wait) set_done(ask);
    Action say{Action::Kind::say, parts_of(ask, false), {}, Slot::more, {}, language_};
    if (before) say.parts.insert(say.parts.begin(), fixed(*before));
    out_.push_back(std::move(say));
}

void Interview::again(bool by_key) {
    repeated_ = true;
    Action say{Action::Kind::say, parts_of(ask_, true), {}, Slot::more, {}, language_};
    if (by_key) say.parts = {fixed(Sentence::keys_again)};
    out_.push_back(std::move(say));
}

std::vector<Part> Interview::parts_of(Ask ask, bool again) const {
    switch (ask) {
        case Ask::place: return {fixed(again ? Sentence::where_again : Sentence::where)};
        case Ask::what: return {fixed(again ? Sentence::what_again : Sentence::what)};
        case Ask::danger: return {fixed(again ? Sentence::danger_again : Sentence::danger)};
        case Ask::callback: return {fixed(again ? Sentence::callback_again : Sentence::callback)};
        case Ask::wait: return {fixed(Sentence::noted)};
        case Ask::more: return {fixed(again ? Sentence::more_again : Sentence::more)};
        case Ask::key_help:
            return {fixed(again ? Sentence::keys_help_again : deaf_ ? Sentence::keys_deaf : Sentence::keys_help)};
        default: break;
    }
    if (ask == Ask::read_place || ask == Ask::read_number) {
        if (again) return {fixed(Sentence::right_again)};
        std::vector<Part> parts;
        if (ask == Ask::read_place) {
            parts = {fixed(Sentence::i_understood),
                     Part{Sentence::count, spelled(*known_[index(Slot::place)]) + "."}};
        } else {
            parts = {fixed(Sentence::your_number)};
            for (const char c : *known_[index(Slot::callback)]) parts.push_back(fixed(digit(c)));
        }
        parts.push_back(fixed(Sentence::right));
        return parts;
    }
    if (again && ask != Ask::key_number) return {fixed(Sentence::keys_again)};
    switch (ask) {
        case Ask::key_danger: return {fixed(Sentence::keys_danger)};
        case Ask::key_medical: return {fixed(Sentence::keys_medical)};
        case Ask::key_fire: return {fixed(Sentence::keys_fire)};
        case Ask::key_police: return {fixed(Sentence::keys_police)};
        case Ask::key_here: return {fixed(Sentence::keys_here)};
        case Ask::key_number: return {fixed(Sentence::keys_number)};
        default: return {fixed(Sentence::still_here)};
    }
}

// --- small actions ---

void Interview::close(Slot slot) {
    set_done(ask_);
    out_.push_back({Action::Kind::answered, {}, {}, slot, {}, language_});
}

void Interview::note(Slot slot, std::string_view words) {
    const std::string kept(base::utf8_prefix(words, k_note_bytes_max));
    if (slot != Slot::more) known_[index(slot)] = kept;
    out_.push_back({Action::Kind::note, {}, {}, slot, kept, language_});
}

void Interview::listen(base::milliseconds wait) {
    out_.push_back({Action::Kind::listen, {}, wait, Slot::more, {}, language_});
}

void Interview::person(const char* why) {
    ask_ = Ask::over;
    out_.push_back({Action::Kind::person, {}, {}, Slot::more, why, language_});
}

void Interview::set_language(Language language) {
    if (std::exchange(language_, language) == language) return;
    out_.push_back({Action::Kind::language, {}, {}, Slot::more, {}, language});
}

}  // namespace holdfast::voice::scripted
