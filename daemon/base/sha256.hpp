// SHA-256 as lower-case hexadecimal text: what hash lists and journal rows hold.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace holdfast::base {

std::string sha256_hex(std::string_view bytes);  // any thread
std::string sha256(std::string_view bytes);      // the 32 bytes themselves; any thread

// Of something that does not fit into memory: update() with each piece, hex() once. One thread.
class Sha256Stream {
  public:
    Sha256Stream();
    void update(std::string_view bytes);
    std::string hex();  // lower case; empty when the library failed

  private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
    bool good_ = false;
};

}  // namespace holdfast::base
