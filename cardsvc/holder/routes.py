"""All routes of the holder's side."""

from fastapi import APIRouter

from cardsvc.holder import apply_routes, consent_routes, desk_routes, look_routes, move_routes, phone_routes

router = APIRouter()
router.include_router(desk_routes.router)
router.include_router(phone_routes.router)
router.include_router(move_routes.router)
router.include_router(apply_routes.router)
router.include_router(look_routes.router)
router.include_router(consent_routes.router)
