// An error as the Realtime API reports it (openai-realtime.md 6.6 and 9.1).
#pragma once

#include <string>

namespace holdfast::sim {

struct ApiError {
    std::string code;
    std::string message;
    std::string param;  // empty: null on the wire
    std::string type = "invalid_request_error";
};

}  // namespace holdfast::sim
