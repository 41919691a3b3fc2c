// What an agent is told of a call that it joins. Words of callers go in as quoted data beside the
// conversation, never into the prompt. Pure.
#pragma once

#include "voice/voice.hpp"

#include <string>
#include <string_view>

namespace holdfast::voice::eleven_agent {

// The instructions, with a paragraph on quotations and on the caller's language.
std::string prompt_for(std::string_view instructions, std::string_view language);

// The talk so far as one text; empty when nothing was said. Newest words win when it is too long.
std::string quote(const Handover& handover);

// What the agent says first when it takes over a running call: that it is there, and the question that
// was asked last, if there is one.
std::string joining_words(const Handover& handover);

// What makes an agent that is connected already go on by itself.
std::string_view go_on_words();

}  // namespace holdfast::voice::eleven_agent
