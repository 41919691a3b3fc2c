// What an error message, a close or a refused signed URL means for the ladder (elevenlabs.md 2.5). Pure.
#pragma once

#include "net/ws.hpp"
#include "voice/eleven_agent/codec.hpp"
#include "voice/voice.hpp"

namespace holdfast::voice::eleven_agent {

VoiceLoss judge(const Event& error);
VoiceLoss judge(const net::WsClose& close);

}  // namespace holdfast::voice::eleven_agent
