// What the ends that sockets of all providers have in common mean for the ladder: no connection, a page
// of the network in between, the close codes of the WebSocket standard. Pure.
#pragma once

#include "net/ws.hpp"
#include "voice/voice.hpp"

#include <string>
#include <string_view>

namespace holdfast::voice {

VoiceLoss loss_of(std::string_view reason, base::Condition condition, const char* code, int close_code = 0,
                  std::string detail = {});

// What the refused upgrade said of Retry-After goes into the loss.
VoiceLoss with_retry_after(VoiceLoss loss, const net::WsClose& close);

// No HTTP answer at all. `error.code` is one of the words of net/ws.hpp.
VoiceLoss judge_no_connection(const base::Error& error);

// The HTTP status is not one of an API: somebody between us and the service answers for it.
bool is_portal_status(int status);
VoiceLoss portal_loss(int status);

// A socket that was open. Codes the standard does not know count as the peer's policy.
VoiceLoss judge_close_code(const net::WsClose& close);

// Word of holdfast_upstream_connect_total for a session that was lost before it was configured.
const char* connect_result(const VoiceLoss& loss);

// Words of a provider that a log line may show: codes and ids, cut and cleaned; never a message.
std::string loggable(std::string_view text);

}  // namespace holdfast::voice
