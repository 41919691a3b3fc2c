#include "incident/street.hpp"

#include "incident/numbers.hpp"
#include "incident/suffixes.hpp"
#include "incident/word_set.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace holdfast::incident {
namespace {

constexpr std::size_t k_name_words = 5;

// The suffixes that end a name, whatever follows.
const WordSet& final_suffixes() {
    static const WordSet k_set("street st avenue ave av road rd boulevard blvd drive dr lane ln parkway pkwy");
    return k_set;
}

// Suffixes that may follow another one ("Court Street", "Park Place").
const WordSet& following_suffixes() {
    static const WordSet k_set(
        "street st avenue ave av road rd boulevard blvd drive dr lane ln parkway pkwy court ct place pl circle cir "
        "terrace way trail");
    return k_set;
}

// Suffixes that are everyday words: without a house number they need a preposition before the name.
const WordSet& everyday_suffixes() {
    static const WordSet k_set(
        "place way court drive square circle trail loop run plaza crossing parkway terrace pike row alley lane");
    return k_set;
}

const WordSet& street_suffixes() {
    static const WordSet k_set(
        "street st avenue ave av road rd boulevard blvd drive dr lane ln parkway pkwy court ct place pl circle cir "
        "terrace way trail pike turnpike tpke expressway freeway square alley loop plaza crossing row run");
    return k_set;
}

// Names that are streets by themselves.
const WordSet& whole_names() {
    static const WordSet k_set("broadway");
    return k_set;
}

bool place_preposition(std::string_view word) {
    static const WordSet k_set(
        "on at of near by off onto down up along from to in and & behind past before between crossing cross "
        "en de del la el por sobre y con entre cerca hacia");
    return k_set.has(word);
}

bool single_letter(std::string_view word) { return word.size() == 1 && word[0] >= 'a' && word[0] <= 'z'; }

// "MC GEE", "LA SALLE", "VAN BUREN": prefixes that lists write with and without a space are joined.
std::string join_name(const std::vector<std::string>& parts) {
    static const WordSet k_prefixes("mc mac o d la le de van san");
    std::string name;
    bool join = false;
    for (std::size_t n = 0; n < parts.size(); ++n) {
        if (n > 0 && !join) name += ' ';
        name += upper(parts[n]);
        join = n == 0 && parts.size() > 1 && k_prefixes.has(parts[n]);
    }
    return name;
}

// "G as in George R A N T", "G-R-A-N-T": the word spelled from `at`; empty: nothing is spelled.
std::string spelled(const Words& words, std::size_t at, std::size_t& end) {
    std::string name;
    std::size_t here = at;
    bool as_in = false;
    while (here < words.size() && name.size() < 20) {
        const std::string& word = words[here].folded;
        if (single_letter(word)) {
            name += word;
            ++here;
            if (here + 2 < words.size() && words[here].folded == "as" && words[here + 1].folded == "in" &&
                words[here + 2].folded.front() == name.back()) {
                here += 3;
                as_in = true;
            } else if (here + 1 < words.size() && words[here].folded == "for" &&
                       words[here + 1].folded.front() == name.back()) {
                here += 2;
                as_in = true;
            }
        } else if (as_in && here == at + 4 && word.size() >= 3 && words[here].capital && suffix_form(word).empty()) {
            name += word;  // "G as in George RANT"
            ++here;
            break;
        } else {
            break;
        }
    }
    if (name.size() < 3) return {};
    end = here;
    return name;
}

std::optional<Street> prefixed_street(const Words& words, std::size_t at) {
    const std::string& type = words[at].folded;
    static const WordSet k_types("calle avenida camino via paseo rue avenue boulevard bulevar carretera");
    if (!k_types.has(type) || at + 1 >= words.size() || words[at].pause) return std::nullopt;
    Street street;
    street.begin = at;
    const std::string& next = words[at + 1].folded;
    if (type == "avenue" || type == "boulevard") {
        if (single_letter(next) && next != "a" && next != "i") {
            street.text = (type == "avenue" ? "AVENUE " : "BOULEVARD ") + upper(next);
            street.end = at + 2;
            street.complete = true;
            return street;
        }
        if (at + 3 < words.size() && next == "of" && words[at + 2].folded == "the" && !never_a_name(words[at + 3].folded)) {
            street.text = upper(type) + " OF THE " + upper(words[at + 3].folded);
            street.end = at + 4;
            street.complete = true;
            return street;
        }
        return std::nullopt;
    }
    // "calle" may stand for any suffix of the street's list: kept as said, and not complete.
    std::size_t here = at + 1;
    std::vector<std::string> parts;
    const Ordinal ordinal = read_ordinal(words, here);
    if (!ordinal.digits.empty()) {
        parts.push_back(ordinal_form(ordinal.digits));
        here = ordinal.end;
    } else if (is_numeral(words[here].folded)) {
        const Number number = read_number(words, here);
        if (number.digits.empty() || number.digits.size() > 3 || !is_digits(number.digits)) return std::nullopt;
        parts.push_back(number.digits);
        here = number.end;
    } else {
        while (here < words.size() && parts.size() < 3) {
            const std::string& word = words[here].folded;
            const bool article = parts.empty() && (word == "la" || word == "el" || word == "las" || word == "los");
            if (!article && (never_a_name(word) || is_numeral(word) || (!parts.empty() && hardly_a_name(word)))) break;
            parts.push_back(word);
            ++here;
            if (words[here - 1].pause) break;
        }
    }
    if (parts.empty()) return std::nullopt;
    // "calle Main Street": the suffix says it all
    if (parts.size() > 1 && final_suffixes().has(parts.back())) {
        const std::string_view form = suffix_form(parts.back());
        parts.pop_back();
        street.text = join_name(parts) + " " + std::string(form);
        street.complete = true;
    } else {
        std::string name;
        for (const std::string& part : parts) name += (name.empty() ? "" : " ") + upper(part);
        street.text = upper(type) + " " + name;
        street.complete = type == "camino" || type == "paseo" || type == "rue" || type == "via";
    }
    street.end = here;
    return street;
}

// Whether what stands at `at` is part of a name that goes on to its suffix: "Old Mill Creek Road".
bool suffix_later(const Words& words, std::size_t at) {
    for (std::size_t ahead = 1; ahead <= 2 && at + ahead < words.size() && !words[at + ahead - 1].pause; ++ahead) {
        const std::string& word = words[at + ahead].folded;
        if (ahead == 1 ? following_suffixes().has(word) : final_suffixes().has(word)) return true;
        if (never_a_name(word) || hardly_a_name(word) || is_numeral(word)) return false;
    }
    return false;
}

void take_post_direction(const Words& words, Street& street) {
    if (street.end >= words.size() || words[street.end - 1].pause) return;
    std::size_t taken = 0;
    const std::string dir = direction(words, street.end, taken);
    if (dir.empty()) return;
    const std::size_t after = street.end + taken;
    // Spanish "se" and "e" are words of their own.
    const std::string& first = words[street.end].folded;
    if ((first == "se" || first == "e" || first == "este") && !words[street.end].capital && after < words.size()) return;
    if (after < words.size() && (words[after].folded == "of" || words[after].folded == "bound" ||
                                 words[after].folded == "side" || words[after].folded == "del")) {
        return;
    }
    if (single_letter(words[street.end].folded) && after < words.size() && !words[after - 1].pause &&
        !never_a_name(words[after].folded)) {
        return;
    }
    street.text += " " + dir;
    street.end = after;
}

}  // namespace

bool never_a_name(std::string_view word) {
    static const WordSet k_set(
        "a an the and or but so if then than that this these those there there's here of on in at to for from with "
        "by off down up out along through toward towards over near behind inside outside beside between across past before after over under around about into "
        "i i'm i've i'll i'd we we're he he's she she's it it's its they they're you you're me my your his her our "
        "their us them him who what where when why how is are was were be been being am has have had do does did "
        "don't doesn't didn't isn't wasn't aren't can can't could will won't would should may might must just not "
        "no yes yeah please sorry help hello okay ok um uh like really very now right "
        "el la los las lo un una unos unas y o u pero que si no de del al en por para con sin sobre entre hasta "
        "desde cerca donde cuando como mi mis tu su sus yo ella nosotros ellos es esta estan estoy estamos "
        "soy son fue era hay ha he han tengo tiene tenemos vivo vive aqui alli ahi se me te le les nos ya muy "
        "# & apartment apt unit suite ste room rm floor lot space building bldg apartamento apto departamento "
        "edificio piso numero");
    return k_set.has(word);
}

bool hardly_a_name(std::string_view word) {
    static const WordSet k_set(
        "address block corner intersection street road avenue exit mile marker northbound southbound eastbound "
        "westbound people person guy guys man men woman women kid kids boy girl baby child children lady "
        "husband wife boyfriend girlfriend mom mother dad father son daughter brother sister friend neighbor "
        "neighbors roommate grandma grandmother grandpa grandfather police cops officer ambulance firefighters "
        "fire smoke flames burning shooting shot shots gun gunshots knife stabbed stabbing robbed robbery fight "
        "fighting crash crashed accident wreck collision hit injured hurt bleeding unconscious breathing dead "
        "body car cars truck van bus motorcycle bike bicycle vehicle house home apartment building garage kitchen "
        "live lives living going gone come coming came get got hurry send need someone somebody something "
        "everybody everyone think know see saw hear heard look looks says said tell told call called calling "
        "happening happened happen down up out back front side years year old minutes hours hour ago today "
        "yesterday night morning still again all over through toward towards along turn turned driving drive "
        "walking running sitting standing lying laying parked stuck trapped fell fallen broke broken stole stolen "
        "took one two wait actually mean scratch meant big huge little small whole some any another other "
        "casa carro coche camioneta camion hombre mujer senor senora nino nina hijo hija esposo esposa mama papa "
        "hermano hermana vecino vecina alguien fuego incendio humo choque accidente policia ambulancia herido "
        "herida favor ayuda ayudenme rapido apurese apurense manden necesito necesitamos direccion esquina calle "
        "avenida frente atras lado dentro fuera afuera aca pasando paso digo perdon porque esta estan "
        "crosswalk sidewalk shoulder lane driveway yard while because since until near tree pole wire wires water gas leak smell smells loud party dog dogs");
    return k_set.has(word);
}

std::string direction(const Words& words, std::size_t at, std::size_t& taken) {
    taken = 0;
    if (at >= words.size()) return {};
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 26> k_directions{{
        {"north", "N"}, {"south", "S"}, {"east", "E"}, {"west", "W"}, {"northeast", "NE"}, {"northwest", "NW"},
        {"southeast", "SE"}, {"southwest", "SW"}, {"n", "N"}, {"s", "S"}, {"e", "E"}, {"w", "W"}, {"ne", "NE"},
        {"nw", "NW"}, {"se", "SE"}, {"sw", "SW"}, {"norte", "N"}, {"sur", "S"}, {"este", "E"}, {"oriente", "E"},
        {"oeste", "W"}, {"poniente", "W"}, {"noreste", "NE"}, {"noroeste", "NW"}, {"sureste", "SE"},
        {"suroeste", "SW"}}};
    const auto one = [&](std::size_t place) -> std::string_view {
        if (place >= words.size()) return {};
        for (const auto& [word, form] : k_directions) {
            if (words[place].folded == word) return form;
        }
        return {};
    };
    const std::string_view first = one(at);
    if (first.empty()) return {};
    taken = 1;
    if (words[at].pause) return std::string(first);
    const std::string_view second = one(at + 1);
    if (second.size() == 1 && (first == "N" || first == "S") && (second == "E" || second == "W") &&
        words[at].folded.size() > 1) {
        taken = 2;
        return std::string(first) + std::string(second);
    }
    return std::string(first);
}

std::string travel(const Words& words, std::size_t at, std::size_t& taken) {
    taken = 0;
    if (at >= words.size()) return {};
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> k_bound{{
        {"northbound", "NB"}, {"southbound", "SB"}, {"eastbound", "EB"}, {"westbound", "WB"}, {"nb", "NB"},
        {"sb", "SB"}, {"eb", "EB"}, {"wb", "WB"}}};
    for (const auto& [word, form] : k_bound) {
        if (words[at].folded == word) {
            taken = 1;
            return std::string(form);
        }
    }
    std::size_t here = at;
    const std::string& word = words[at].folded;
    static const WordSet k_leads("heading headed going hacia rumbo direccion driving traveling con");
    bool led = false;
    while (here < words.size() && here < at + 3 &&
           (k_leads.has(words[here].folded) || (led && (words[here].folded == "al" || words[here].folded == "el")))) {
        led = true;
        ++here;
    }
    std::size_t dir_words = 0;
    const std::string dir = direction(words, here, dir_words);
    if (dir.size() != 1) return {};
    if (here + 1 < words.size() && words[here + 1].folded == "bound") {
        taken = here + 2 - at;
        return dir + "B";
    }
    // "95 north", "I 95 N": right behind the road
    const bool next_is_of = here + 1 < words.size() && words[here + 1].folded == "of";
    if (next_is_of || (word.size() == 1 && word != "n" && word != "s" && word != "e" && word != "w")) return {};
    taken = here + 1 - at;
    return dir + "B";
}

std::optional<Street> highway_at(const Words& words, std::size_t at) {
    if (at >= words.size()) return std::nullopt;
    const auto word = [&](std::size_t ahead) {
        return at + ahead < words.size() ? std::string_view(words[at + ahead].folded) : std::string_view();
    };
    std::string prefix;
    std::size_t used = 0;
    bool letters = false;
    if (word(0) == "interstate" || word(0) == "i" || word(0) == "interestatal") {
        prefix = "I-";
        used = word(1) == "highway" ? 2 : 1;
    } else if (word(0) == "us" || (word(0) == "u" && word(1) == "s")) {
        prefix = "US ";
        used = word(0) == "u" ? 2 : 1;
        if (word(used) == "highway" || word(used) == "hwy" || word(used) == "route" || word(used) == "rte") ++used;
    } else if (word(0) == "state" && (word(1) == "road" || word(1) == "route" || word(1) == "highway" || word(1) == "rte")) {
        prefix = "SR ";
        used = 2;
    } else if (word(0) == "sr") {
        prefix = "SR ";
        used = 1;
    } else if (word(0) == "county" && (word(1) == "road" || word(1) == "highway" || word(1) == "rd" || word(1) == "route")) {
        prefix = "CR ";
        used = 2;
        letters = true;
    } else if (word(0) == "camino" && word(1) == "del" && word(2) == "condado") {
        prefix = "CR ";
        used = 3;
    } else if (word(0) == "carretera" && word(1) == "del" && word(2) == "condado") {
        prefix = "CR ";
        used = 3;
    } else if (word(0) == "carretera" && word(1) == "estatal") {
        prefix = "SR ";
        used = 2;
    } else if (word(0) == "cr") {
        prefix = "CR ";
        used = 1;
    } else if (word(0) == "fm") {
        prefix = "FM ";
        used = 1;
    } else if (word(0) == "farm" && word(1) == "to" && word(2) == "market") {
        prefix = "FM ";
        used = word(3) == "road" ? 4 : 3;
    } else if (word(0) == "ranch" && word(1) == "road") {
        prefix = "RANCH ROAD ";
        used = 2;
    } else if (word(0) == "highway" || word(0) == "hwy" || word(0) == "route" || word(0) == "rte" || word(0) == "rt" ||
               word(0) == "carretera" || word(0) == "ruta") {
        prefix = word(0) == "highway" || word(0) == "hwy" || word(0) == "carretera" ? "HWY " : "RTE ";
        used = 1;
    } else if (word(0) == "autopista" || word(0) == "freeway") {
        prefix = "I-";
        used = word(1) == "interestatal" ? 2 : 1;
    } else {
        return std::nullopt;
    }
    for (std::size_t n = 0; n < used; ++n) {
        if (at + n < words.size() && words[at + n].pause) return std::nullopt;
    }
    const std::size_t number_at = at + used;
    if (number_at >= words.size()) return std::nullopt;
    Street road;
    road.begin = at;
    road.road = true;
    road.complete = true;
    if (letters) {
        std::string name;
        std::size_t here = number_at;
        if (words[here].folded == "double" && here + 1 < words.size() && single_letter(words[here + 1].folded)) {
            name = words[here + 1].folded + words[here + 1].folded;
            here += 2;
        } else if (words[here].folded.size() <= 2 && std::all_of(words[here].folded.begin(), words[here].folded.end(),
                                                                 [](char c) { return c >= 'a' && c <= 'z'; }) &&
                   !never_a_name(words[here].folded)) {
            name = words[here].folded;
            ++here;
        }
        if (!name.empty()) {
            road.text = "COUNTY ROAD " + upper(name);
            road.end = here;
            return road;
        }
    }
    // "95a": a number with its letter
    const std::string& first = words[number_at].folded;
    if (first.size() >= 2 && first.size() <= 5 && is_digits(first.substr(0, first.size() - 1)) && first.back() >= 'a') {
        road.text = prefix + upper(first);
        road.end = number_at + 1;
        return road;
    }
    // A road's number is one number: "route 9 12 Oak Street" is two.
    const Number number = read_number(words, number_at);
    if (number.digits.empty()) return std::nullopt;
    std::string digits = number.digits;
    std::size_t end = number.end;
    if (number.groups > 1 && is_digits(words[number_at].folded)) {
        digits = words[number_at].folded;
        end = number_at + 1;
    }
    if (!is_digits(digits) || digits.size() > 4) return std::nullopt;
    road.text = prefix + digits;
    road.end = end;
    return road;
}

std::optional<Street> street_at(const Words& words, std::size_t at) {
    if (at >= words.size()) return std::nullopt;
    if (const auto road = highway_at(words, at)) return road;
    if (const auto prefixed = prefixed_street(words, at)) return prefixed;
    Street street;
    street.begin = at;
    std::size_t here = at;
    std::size_t taken = 0;
    std::string predir = direction(words, here, taken);
    if (!predir.empty() && here + taken < words.size() && !words[here + taken - 1].pause) {
        // "North Street", "West Avenue": the direction is the name when nothing else is left
        const std::string& next = words[here + taken].folded;
        const bool suffix_next = following_suffixes().has(next);
        const bool more = here + taken + 1 < words.size() && !words[here + taken].pause &&
                          following_suffixes().has(words[here + taken + 1].folded);
        if (suffix_next && !more) {
            predir.clear();
        } else {
            here += taken;
        }
    } else {
        predir.clear();
    }
    if (const auto inner = predir.empty() ? std::nullopt : highway_at(words, here)) {
        street = *inner;
        street.begin = at;
        street.text = predir + " " + street.text;
        return street;
    }
    std::vector<std::string> parts;
    std::size_t spelled_end = 0;
    const std::string letters = spelled(words, here, spelled_end);
    if (!letters.empty()) {
        parts.push_back(letters);
        here = spelled_end;
    }
    const auto finish = [&](std::string_view suffix, std::size_t end) {
        street.text = (predir.empty() ? "" : predir + " ") + join_name(parts) + " " + std::string(suffix);
        street.end = end;
        street.complete = true;
        take_post_direction(words, street);
        return street;
    };
    while (here < words.size() && parts.size() < k_name_words) {
        const std::string& word = words[here].folded;
        const std::string_view form = suffix_form(word);
        const bool next_follows = here + 1 < words.size() && !words[here].pause &&
                                  following_suffixes().has(words[here + 1].folded);
        if (!form.empty() && !parts.empty() && (final_suffixes().has(word) || !suffix_later(words, here))) {
            return finish(form, here + 1);
        }
        if (parts.empty() && (word == "st" || word == "saint") && here + 1 < words.size() && !words[here].pause &&
            !never_a_name(words[here + 1].folded) && suffix_form(words[here + 1].folded).empty()) {
            parts.push_back("st");
            ++here;
            continue;
        }
        if (parts.empty() || (parts.size() == 1 && parts[0] == "st")) {
            const Ordinal ordinal = read_ordinal(words, here);
            if (!ordinal.digits.empty()) {
                parts.push_back(ordinal_form(ordinal.digits));
                here = ordinal.end;
                if (words[here - 1].pause) break;
                continue;
            }
            if (is_numeral(word)) {
                const Number number = read_number(words, here);
                if (number.digits.empty() || !is_digits(number.digits) || number.digits.size() > 3 ||
                    number.end >= words.size() || words[number.end - 1].pause ||
                    !following_suffixes().has(words[number.end].folded)) {
                    break;
                }
                parts.push_back(ordinal_form(number.digits));
                here = number.end;
                continue;
            }
        } else if (is_numeral(word) && word != "one") {
            break;
        }
        const bool prefix_article = parts.empty() && (word == "la" || word == "el" || word == "las" || word == "los");
        const bool letter_street = parts.empty() && single_letter(word) && next_follows;
        if (never_a_name(word) && !prefix_article && !letter_street) break;
        if (!form.empty() && parts.empty() && !next_follows) {
            // "1234 street": no name
            const bool later = here + 2 < words.size() && following_suffixes().has(words[here + 2].folded);
            if (!later) break;
        }
        parts.push_back(word);
        ++here;
        if (words[here - 1].pause) break;
    }
    if (parts.size() >= 1 && whole_names().has(parts[0])) {
        street.text = (predir.empty() ? "" : predir + " ") + upper(parts[0]);
        street.end = here - (parts.size() - 1);
        street.complete = true;
        return street;
    }
    return std::nullopt;
}

std::optional<Street> loose_street_at(const Words& words, std::size_t at) {
    if (at < words.size() && words[at].folded == "the" && at + 1 < words.size()) ++at;
    if (const auto street = street_at(words, at)) return street;
    if (at >= words.size()) return std::nullopt;
    Street street;
    street.begin = at;
    std::size_t here = at;
    std::size_t taken = 0;
    const std::string predir = direction(words, here, taken);
    if (!predir.empty() && here + taken < words.size() && !words[here + taken - 1].pause &&
        !never_a_name(words[here + taken].folded)) {
        street.text = predir + " ";
        here += taken;
    }
    const Ordinal ordinal = read_ordinal(words, here);
    if (!ordinal.digits.empty()) {
        street.text += ordinal_form(ordinal.digits);
        street.end = ordinal.end;
        return street;
    }
    std::vector<std::string> parts;
    while (here < words.size() && parts.size() < 2) {
        const std::string& word = words[here].folded;
        if (word == "la" && parts.empty() && here + 1 < words.size() && !words[here].pause) {
            const Ordinal spanish = read_ordinal(words, here + 1);  // "la Octava"
            if (!spanish.digits.empty()) {
                street.text += ordinal_form(spanish.digits);
                street.end = spanish.end;
                return street;
            }
            ++here;
            continue;
        }
        if (never_a_name(word) || hardly_a_name(word) || is_numeral(word)) break;
        parts.push_back(word);
        ++here;
        if (words[here - 1].pause) break;
    }
    if (parts.empty()) return std::nullopt;
    street.text += join_name(parts);
    street.end = here;
    return street;
}

std::optional<Street> street_ending_at(const Words& words, std::size_t at, std::size_t floor) {
    const std::string& suffix = words[at].folded;
    if (!street_suffixes().has(suffix) || at == floor) return std::nullopt;
    if (at + 1 < words.size() && !words[at].pause && following_suffixes().has(words[at + 1].folded) &&
        !final_suffixes().has(suffix)) {
        return std::nullopt;  // "Park Place Drive": the next one ends it
    }
    std::size_t first = at;
    bool bounded = false;
    for (std::size_t back = 1; back <= k_name_words && at >= floor + back; ++back) {
        const std::size_t here = at - back;
        const std::string& word = words[here].folded;
        if (words[here].pause) {
            bounded = true;
            break;
        }
        if (never_a_name(word)) {
            // Streets have no article: behind "the" the name begins somewhere later ("in the crosswalk Pine Street").
            bounded = place_preposition(word) || word == "is" || word == "it's";
            break;
        }
        const bool ordinal = !read_ordinal(words, here).digits.empty();
        if (hardly_a_name(word) && back > 1) break;
        if (is_numeral(word) && !ordinal) break;
        first = here;
        if (here == 0) bounded = true;
    }
    if (first == at) return std::nullopt;
    static const WordSet k_no_names(
        "my the that this wrong one other long half any some her his same no own busy main's side dirt gravel whole "
        "back front dead private test tennis food basketball parking next first's our your street road");
    if (k_no_names.has(words[first].folded) && at - first == 1) return std::nullopt;
    if (hardly_a_name(words[first].folded) && first + 1 == at && !bounded) return std::nullopt;
    if (everyday_suffixes().has(suffix)) {
        const bool led = first > 0 && place_preposition(words[first - 1].folded);
        if (!led || hardly_a_name(words[first].folded)) return std::nullopt;
    }
    auto street = street_at(words, first);
    while (!street && first + 1 < at) street = street_at(words, ++first);
    if (!street || street->end <= at) {
        if (!street) return std::nullopt;
    }
    street->doubtful = !bounded && at - street->begin > 1;
    return street;
}

}  // namespace holdfast::incident
