#include "transcribe/spans.hpp"

#include "transcribe/limits.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace holdfast::transcribe {
namespace {

constexpr std::int64_t k_open_end = std::numeric_limits<std::int64_t>::max();

struct Stay {
    std::string rung;
    std::int64_t from_ms = 0;
    std::int64_t to_ms = k_open_end;
};

std::vector<Stay> stays_of(const store::CallDetail& call) {
    std::vector<Stay> stays{{call.call.rung, 0}};
    bool first = true;
    for (const auto& [seq, seam] : call.seams) {
        if (seam.from_rung == seam.to_rung) continue;
        if (std::exchange(first, false)) stays.front().rung = seam.from_rung;  // the call's row knows the last one only
        stays.back().to_ms = seam.offset_ms;
        stays.push_back({seam.to_rung, seam.offset_ms});
    }
    return stays;
}

bool has_ears(const std::string& rung) { return rung != "canned" && rung != "person"; }

// Of a voice that hears; recorded prompts and keys are no sign of one.
bool is_live(const store::Utterance& said) {
    return !said.deferred && said.provider != "recorded" && said.provider != "canned" && said.provider != "keypad";
}

bool wrote_down(const store::Utterance& said) {
    return is_live(said) && said.speaker == store::Speaker::caller && !said.failed && !said.text.reveal().empty();
}

// Where the voice of `rung` (its word in the journal) showed last, up to `at`, that it had heard everything: an
// answer is such a sign, too.
std::int64_t heard_until(const store::CallDetail& call, const std::string& rung, std::int64_t at) {
    std::int64_t until = 0;
    for (const auto& [seq, said, unreadable] : call.utterances) {
        const bool caller = said.speaker == store::Speaker::caller;
        if (!is_live(said) || said.provider != rung || said.start_ms > at || (caller && !wrote_down(said))) continue;
        until = std::max(until, caller ? std::min(said.end_ms, at) : said.start_ms);
    }
    return until;
}

bool showed_life(const store::CallDetail& call, const Stay& stay) {
    return std::any_of(call.utterances.begin(), call.utterances.end(), [&](const store::UtteranceRow& row) {
        return is_live(row.utterance) && row.utterance.end_ms > stay.from_ms && row.utterance.start_ms < stay.to_ms;
    });
}

void merge(std::vector<Span>& spans) {
    std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.from_ms < b.from_ms; });
    std::vector<Span> merged;
    for (const auto& span : spans) {
        if (!merged.empty() && span.from_ms <= merged.back().to_ms) {
            merged.back().to_ms = std::max(merged.back().to_ms, span.to_ms);
        } else {
            merged.push_back(span);
        }
    }
    spans.swap(merged);
}

void subtract(std::vector<Span>& spans, const Span& heard) {
    std::vector<Span> left;
    for (const auto& span : spans) {
        if (heard.to_ms <= span.from_ms || heard.from_ms >= span.to_ms) {
            left.push_back(span);
            continue;
        }
        if (heard.from_ms > span.from_ms) left.push_back({span.from_ms, heard.from_ms});
        if (heard.to_ms < span.to_ms) left.push_back({heard.to_ms, span.to_ms});
    }
    spans.swap(left);
}

}  // namespace

std::vector<Span> unheard_spans(const store::CallDetail& call, const store::Recording& recording) {
    std::vector<Span> spans;
    const auto stays = stays_of(call);
    // Kept for no other reason.
    if (recording.retention_class == "unheard") spans.push_back({0, k_open_end});
    for (std::size_t i = 0; i < stays.size(); ++i) {
        const auto& stay = stays[i];
        const bool deaf = stay.rung == "canned" || (has_ears(stay.rung) && !showed_life(call, stay));
        if (deaf) spans.push_back({stay.from_ms, stay.to_ms});
        if (i == 0 || !has_ears(stays[i - 1].rung)) continue;
        const auto& lost = stays[i - 1];
        const auto from = std::max({heard_until(call, lost.rung, stay.from_ms), lost.from_ms, stay.from_ms - k_change_most_ms});
        if (from < stay.from_ms) spans.push_back({from, stay.from_ms});
    }
    const Span whole{recording.offset_ms, recording.offset_ms + recording.duration_ms};
    for (auto& span : spans) span = {std::max(span.from_ms, whole.from_ms), std::min(span.to_ms, whole.to_ms)};
    spans.erase(std::remove_if(spans.begin(), spans.end(), [](const Span& s) { return s.length() <= 0; }), spans.end());
    merge(spans);
    for (const auto& [seq, said, unreadable] : call.utterances) {
        if (wrote_down(said)) subtract(spans, {said.start_ms, said.end_ms});
    }
    spans.erase(std::remove_if(spans.begin(), spans.end(), [](const Span& s) { return s.length() < k_piece_least_ms; }),
                spans.end());
    return spans;
}

}  // namespace holdfast::transcribe
