// What the kinds of stream share: the socket, its options and the ways to end it. Internal to net/.
#pragma once

#include "net/stream.hpp"

namespace holdfast::net {

class SocketStream : public Stream {
  public:
    void close() override;
    void abort() override;
    void set_user_timeout(std::chrono::milliseconds timeout) override;
    std::optional<std::chrono::milliseconds> round_trip() override;

  protected:
    SocketStream() = default;
    // Sets TCP_NODELAY and the options that find a dead peer, and remembers who the peer is.
    void take_over(Socket& socket);
    virtual Socket& socket() = 0;
};

void close_socket(Socket& socket);

}  // namespace holdfast::net
