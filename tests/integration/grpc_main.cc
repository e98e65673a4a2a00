// The main of tests that hold gRPC in their own process. They end without taking gRPC 1.51's
// globals down: its callback queue is freed twice there now and then, and OpenSSL keeps what
// threads left.

#include <cstdio>
#include <cstdlib>

#include "gmock/gmock.h"

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  const int result = RUN_ALL_TESTS();
  std::fflush(nullptr);
  std::_Exit(result);
}
