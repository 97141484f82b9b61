from tests.redis_server import _running_redis_server, redis_server

__all__ = ["_running_redis_server", "redis_server"]
