// std::mutex with clang's thread-safety annotations (clang 14 rejects libstdc++'s own).
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define STORE_TSA(x) __attribute__((x))
#else
#define STORE_TSA(x)
#endif
#define STORE_GUARDED_BY(x) STORE_TSA(guarded_by(x))
#define STORE_REQUIRES(x) STORE_TSA(requires_capability(x))

namespace store {

class STORE_TSA(capability("mutex")) Mutex {
 public:
  void lock() STORE_TSA(acquire_capability()) { mutex_.lock(); }
  void unlock() STORE_TSA(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class STORE_TSA(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) STORE_TSA(acquire_capability(mutex)) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() STORE_TSA(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace store
