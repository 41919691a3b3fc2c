#include "voice/canned/plan.hpp"

namespace holdfast::voice::canned {
namespace {

using Kind = Action::Kind;

struct Question {
    Step step;
    std::string_view prompt;
    std::string_view again;   // once more, in other words; empty: not asked again
    std::string_view keys;    // that answer it; empty: nothing is asked
    base::milliseconds time;  // to wait for one of them behind the prompt
    Step next;
};

constexpr Question k_questions[] = {
    {Step::intro, "canned_intro", "", "", base::milliseconds(0), Step::language},
    {Step::language, "canned_language", "", "", base::milliseconds(0), Step::kind},
    {Step::kind, "canned_kind", "canned_kind_again", "123", k_key_time, Step::hurt},
    {Step::hurt, "canned_hurt", "canned_hurt_again", "12", k_key_time, Step::place},
    {Step::place, "canned_place", "", "#", k_place_time, Step::thanks},
    {Step::thanks, "canned_thanks", "", "", base::milliseconds(0), Step::done},
};

const Question* question(Step step) {
    for (const auto& q : k_questions) {
        if (q.step == step) return &q;
    }
    return nullptr;
}

Outcome go_to(State state, Step next, bool waited) {
    Outcome out;
    if (waited) out.actions.push_back({Kind::stop_waiting, {}, {}});
    state.step = next;
    state.repeated = false;
    if (const Question* const q = question(next)) {
        out.actions.push_back({Kind::say, q->prompt, {}});
    } else {
        out.actions.push_back({Kind::give_to_person, {}, {}});
    }
    out.state = state;
    return out;
}

Outcome say_again(State state, std::string_view prompt) {
    Outcome out;
    out.actions.push_back({Kind::stop_waiting, {}, {}});
    out.actions.push_back({Kind::say, prompt, {}});
    out.state = state;
    return out;
}

}  // namespace

Outcome step(const State& state, const Event& event) {
    if (event.kind == EventKind::begin) return go_to(state, Step::intro, false);
    if (event.kind == EventKind::begin_again) return go_to(state, Step::kind, false);
    const Question* const q = question(state.step);
    if (q == nullptr) return {state, {}};
    switch (event.kind) {
        case EventKind::begin: case EventKind::begin_again: break;
        case EventKind::played:
            if (q->keys.empty()) return go_to(state, q->next, false);
            return {state, {{Kind::wait, {}, q->time}}};
        case EventKind::key:
            if (event.key == k_other_language) {
                State turned = state;
                turned.spanish = !state.spanish;
                if (q->keys.empty()) return go_to(turned, q->next, true);
                return say_again(turned, state.repeated && !q->again.empty() ? q->again : q->prompt);
            }
            if (q->keys.find(event.key) != std::string_view::npos) return go_to(state, q->next, true);
            return {state, {}};  // a key that answers nothing here; the journal has it
        case EventKind::speech_began:
            if (state.step != Step::place) return {state, {}};
            return {state, {{Kind::wait, {}, k_place_most}}};
        case EventKind::speech_ended:
            if (state.step != Step::place) return {state, {}};
            return {state, {{Kind::wait, {}, k_place_pause}}};
        case EventKind::time_out:
            if (!state.repeated && !q->again.empty()) {
                State again = state;
                again.repeated = true;
                return say_again(again, q->again);
            }
            return go_to(state, q->next, true);
    }
    return {state, {}};
}

std::vector<std::string_view> prompts() {
    std::vector<std::string_view> all;
    for (const auto& q : k_questions) {
        all.push_back(q.prompt);
        if (!q.again.empty()) all.push_back(q.again);
    }
    return all;
}

}  // namespace holdfast::voice::canned
