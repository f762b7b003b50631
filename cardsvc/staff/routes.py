"""All routes of the staff."""

from fastapi import APIRouter

from cardsvc.staff import oidc_routes, people_routes, session_routes

router = APIRouter()
router.include_router(session_routes.router)
router.include_router(oidc_routes.router)
router.include_router(people_routes.router)
