// A parsed YAML document as plain values: no anchors, no tags, no sharing. yaml_loader.cpp builds
// it.
#pragma once

#include <string>
#include <vector>

namespace holdfast::config {

struct Position {
    int line = 0;    // from 1; 0: not in the file
    int column = 0;  // from 1
};

struct Node {
    enum class Kind { null, scalar, list, map };
    Kind kind = Kind::null;
    Position at;
    std::string key;  // when the parent is a map
    Position key_at;
    std::string text;     // of a scalar
    bool quoted = false;  // "443" is a text, 443 is a number
    std::vector<Node> children;
};

}  // namespace holdfast::config
