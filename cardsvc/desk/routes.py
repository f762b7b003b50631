"""All routes of the desk."""

from fastapi import APIRouter

from cardsvc.desk import (
    approval_routes,
    card_routes,
    case_routes,
    group_routes,
    portrait_routes,
    preapplication_routes,
    print_routes,
)

router = APIRouter()
router.include_router(case_routes.router)
router.include_router(portrait_routes.router)
router.include_router(preapplication_routes.router)
router.include_router(approval_routes.router)
router.include_router(group_routes.router)
router.include_router(card_routes.router)
router.include_router(print_routes.router)
