#include "incident/reading.hpp"

#include "incident/words.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace holdfast::incident {
namespace {

// Types that say what another sign of the same words only hints at.
struct Covers {
    Type type;
    Type covered;
};
constexpr std::array k_covers{
    Covers{Type::fstru, Type::funk},      Covers{Type::fveh, Type::funk},        Covers{Type::fbrush, Type::funk},
    Covers{Type::alrf, Type::funk},       Covers{Type::dva, Type::assault},      Covers{Type::explos, Type::funk},
    Covers{Type::elechzd, Type::funk},    Covers{Type::suicthrt, Type::weapon},  Covers{Type::air, Type::mvainjy},
    Covers{Type::gasleak, Type::alrf},    Covers{Type::fveh, Type::fstru},       Covers{Type::bomb, Type::explos},
    Covers{Type::robbery, Type::larceny}, Covers{Type::burglary, Type::larceny}, Covers{Type::fbrush, Type::fstru},
};

struct Score {
    double points = 0;
    bool raises = false;
};

}  // namespace

Reading read(std::string_view text, Speaker speaker) {
    Reading reading;
    if (speaker == Speaker::call_taker) return reading;
    const Words words = split(text);
    Places places = find_places(text, words);
    reading.place = places.best;
    reading.other_places = std::move(places.others);
    reading.signals = find_signals(words, places.taken);

    std::map<Type, Score> scores;
    bool past = false;
    for (const Signal& signal : reading.signals) {
        if (signal.denied) continue;
        Score& score = scores[signal.type];
        score.points += signal.weak ? 1.0 : 2.0;
        score.raises = score.raises || signal.raises;
        past = past || signal.past;
    }
    for (const Covers& covers : k_covers) {
        if (scores.count(covers.type)) scores.erase(covers.covered);
    }
    scores.erase(Type::trouble);
    if (scores.empty()) {
        return reading;
    }
    reading.unknown = false;
    std::vector<std::pair<Type, Score>> ranked(scores.begin(), scores.end());
    const auto priority_of = [&](Type type) {
        if (type == Type::burglary && past) return 3;
        return default_priority(type);
    };
    std::stable_sort(ranked.begin(), ranked.end(), [&](const auto& a, const auto& b) {
        const int pa = priority_of(a.first);
        const int pb = priority_of(b.first);
        if (pa != pb) return pa < pb;
        if (rank(a.first) != rank(b.first)) return rank(a.first) < rank(b.first);
        return a.second.points > b.second.points;
    });
    reading.type = ranked.front().first;
    for (std::size_t n = 1; n < ranked.size(); ++n) reading.also.push_back(ranked[n].first);
    reading.priority = priority_of(reading.type);
    for (const auto& [type, score] : ranked) {
        if (score.raises) reading.priority = 1;
    }
    if (past && reading.priority > 1 && reading.priority < 4 && reading.type != Type::burglary) ++reading.priority;
    return reading;
}

}  // namespace holdfast::incident
