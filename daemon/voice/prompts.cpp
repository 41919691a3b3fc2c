#include "voice/prompts.hpp"

#include "voice/canned/plan.hpp"

#include <array>

namespace holdfast::voice {
namespace {

// Besides those of the canned questions.
constexpr std::array<std::string_view, 8> k_every_call{"greeting",       "person",       "filler",      "stall",
                                                       "silence_prompt", "silence_keys", "help_coming", "person_offer"};

}  // namespace

std::vector<std::string_view> needed_prompts() {
    std::vector<std::string_view> needed(k_every_call.begin(), k_every_call.end());
    for (const auto id : canned::prompts()) needed.push_back(id);
    return needed;
}

}  // namespace holdfast::voice
