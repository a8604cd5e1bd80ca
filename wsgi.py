"""For WSGI servers other than `chengxin serve`: `gunicorn --workers 2 wsgi:application`."""

from app import create_app

application = create_app()
